/** Every number of the formats: what it counts, its unit, and where it comes from. */

// --- profile unixfs-v1-2025: IPIP-499; Kubo 0.43 `--profile unixfs-v1-2025` ---

/** Bytes of one leaf of a file. */
export const CHUNK_BYTES = 1024 * 1024
/** Links of one inner node of a file. */
export const FILE_NODE_LINKS = 1024
/** Bytes of a directory block above which the directory is sharded. */
export const SHARD_THRESHOLD_BYTES = 256 * 1024
/** Bits of a name's hash that one level of a sharded directory uses: 256 links a node. */
export const SHARD_BITS = 8

// --- specifications ---

/** Bytes of one block: the largest that IPFS nodes hand to each other (Bitswap specification, "Block Sizes"). */
export const MAX_BLOCK_BYTES = 2 * 1024 * 1024
/** Bytes of the digest in a CID, or of what an identity CID holds: Kubo's limit (boxo `verifcid`). */
export const MAX_DIGEST_BYTES = 128
/** Links of one node of a sharded directory: Kubo's limit (boxo `unixfs/hamt`). */
export const MAX_SHARD_FANOUT = 1024
/** Bits of a name's hash (UnixFS specification: murmur3-x64-64). */
export const NAME_HASH_BITS = 64
/** UTF-8 bytes of one name: the limit of ext4, APFS and NTFS alike (NTFS counts 255 UTF-16 units, which is never less). */
export const MAX_NAME_BYTES = 255

// --- our choice, far above any honest use ---

/** Nodes from a file's root to a leaf; with 1,024 links a node, 3 hold a terabyte. */
export const MAX_FILE_DEPTH = 32
/** Folders inside folders. */
export const MAX_TREE_DEPTH = 128
/** Entries of a whole tree. */
export const MAX_TREE_ENTRIES = 2_000_000
/** Entries of one directory: all are sorted in memory. */
export const MAX_DIRECTORY_ENTRIES = 1_000_000
/** Bytes of a CAR's header: room for 1,500 roots. */
export const MAX_CAR_HEADER_BYTES = 64 * 1024
/** Blocks of one manifest: 4 TB in leaves of 1 MiB. */
export const MAX_MANIFEST_BLOCKS = 4 * 1024 * 1024

/** Every limit of the store, with its unit and where the number comes from. */

// --- blocks: MAX_BLOCK_BYTES of @holdfast/dag; the rest is our choice ---

/** Bytes after which a pack gets no more blocks: large enough for sequential reading, small enough to be rewritten in seconds. */
export const PACK_BYTES = 256 * 1024 * 1024
/** Bytes gathered in memory before they are written into the pack. Must hold the largest section. */
export const WRITE_BUFFER_BYTES = 4 * 1024 * 1024
/** Bytes read at once where a pack is read from one end to the other. Must hold the largest section. */
export const SCAN_BUFFER_BYTES = 4 * 1024 * 1024
/** Blocks put since the last flush, after which the next put flushes: a few MB of bookkeeping. */
export const MAX_PENDING_BLOCKS = 16_384
/** Bytes put since the last flush, after which the next put flushes: what a power cut may cost. */
export const MAX_PENDING_BYTES = 256 * 1024 * 1024
/** Bytes put since the last flush, after which one begins beside the puts: so the last one, for which somebody waits, is short. */
export const EARLY_FLUSH_BYTES = 64 * 1024 * 1024
/** Packs kept open for reading; a process may as a rule have 1,024 open files. */
export const MAX_OPEN_PACKS = 64
/** Part of a pack that must be dead before it is rewritten: at most two bytes are copied for each one that is freed. */
export const COMPACT_DEAD_RATIO = 1 / 3
/** Bytes of a dead pack's live rest copied before the event loop gets a turn. */
export const COMPACT_SLICE_BYTES = 8 * 1024 * 1024
/** Index rows looked at in one turn while dead blocks are removed: some 10 ms. */
export const SWEEP_ROWS = 4096
/** Blocks passed in one turn while a tree is walked: some 10 ms. */
export const WALK_BLOCKS = 1024
/** Bytes that SQLite may keep of the index in memory. */
export const INDEX_CACHE_BYTES = 16 * 1024 * 1024
/** Places of blocks kept in memory: a request looks three times for the same, at 10 us each. Some 200 bytes a place. */
export const RECENT_LOCATIONS = 4096
/** Milliseconds that one process waits for another's lock on the index: a commit takes a few. */
export const INDEX_BUSY_MS = 10_000

/** Bytes of a file in an archive's folder that are read at all: 1,024 roots of 60 KiB in base64, and room. */
export const MAX_STATE_FILE_BYTES = 96 * 1024 * 1024

/** Bytes of a unix socket's path: 108 on Linux, 104 on macOS and the BSDs, less the final zero and some room. */
export const MAX_SOCKET_PATH_BYTES = 100
/** Proofs of forks kept of one archive: one is enough to lose trust, and each is at most 320 KiB. Our choice. */
export const MAX_FORK_PROOFS = 16

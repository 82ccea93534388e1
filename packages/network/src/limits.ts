/** Every limit of this package, with its unit and where the number comes from. */

/** Bytes of a block that a peer may send us. Bitswap's and Kubo's own bound is 2 MiB (specs.ipfs.tech, bitswap 1.2.0 "block sizes"). */
export const MAX_BLOCK_BYTES = 2 * 1024 * 1024

/** Bytes of an announcement: 256 KiB (trust.md). One more byte is read to notice a longer one. */
export const MAX_ANNOUNCEMENT_BYTES = 256 * 1024

/** Bytes of a JSON answer (head, peers) that we read from a peer: ours are under 10 kB; 64 KiB leaves room for 256 addresses. */
export const MAX_JSON_BYTES = 64 * 1024

/** Bytes of one metadata file (targets, root) of a history: as an announcement, which holds them all. */
export const MAX_METADATA_BYTES = 256 * 1024

/** Blocks asked for in one request. 256 CIDs are 9 kB of request; an answer is at most 256 MiB, usually under 30 MB. */
export const BATCH_BLOCKS = 256

/** Bytes expected in one batch, where sizes are known from the manifest: large enough to fill 100 ms at 600 Mbit/s, small enough to share a release among peers. */
export const BATCH_BYTES = 8 * 1024 * 1024

/** Raw block requests under way at once to a gateway that knows no batches; Kubo's own HTTP retrieval uses the same order of size. */
export const RAW_REQUESTS_AT_ONCE = 16

/** Milliseconds without one byte after which a request is given up and its blocks asked elsewhere (reachability.md: resets and stalls). */
export const STALL_MS = 30_000

/** Milliseconds for a connection to come up, all addresses of a peer together. libp2p's own default. */
export const DIAL_TIMEOUT_MS = 10_000

/** Milliseconds for a short question to a peer (head, announcement, peers). */
export const QUESTION_TIMEOUT_MS = 15_000

/** Failures in a row after which a source is left alone for the rest of one fetch. */
export const SOURCE_FAILURES = 3

/** Streams of the HTTP protocol that one peer may have open with us; each serves one request at a time. */
export const HTTP_STREAMS_PER_PEER = 64

/** Milliseconds between first and later attempts to reach a known peer again, doubling from the first to the second. */
export const REDIAL_MIN_MS = 1_000
export const REDIAL_MAX_MS = 5 * 60_000

/** Connections that a mirror keeps by itself; gossipsub needs about 6 (its D), the rest is for finding blocks. */
export const KEPT_CONNECTIONS = 24

/** Connections accepted per second from one address. libp2p's 5 resets the sixth peer behind one proxy, NAT or Tor exit (facts.md). */
export const INBOUND_CONNECTIONS_PER_SECOND = 100

/** Bytes of one gossip RPC: an announcement (256 KiB) and its framing, twice over. */
export const MAX_GOSSIP_BYTES = 1024 * 1024

/** Addresses that one peer may teach us at a time. */
export const TAUGHT_ADDRESSES = 64

/** Room for directory nodes and odd layouts above the signed size of a tree before a fetch is ended: a quarter, 4 KiB a file, and 16 MiB. */
export const OVERHEAD_RATIO = 1.25
export const OVERHEAD_PER_FILE = 4 * 1024
export const OVERHEAD_FIXED = 16 * 1024 * 1024

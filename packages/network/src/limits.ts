/** Every limit of this package: what it counts, its unit, and where the number comes from. */

// --- blocks and answers ---

/** Bytes of a block that a peer may send us: the largest that IPFS nodes hand to each other (Bitswap specification, "Block Sizes"). */
export const MAX_BLOCK_BYTES = 2 * 1024 * 1024
/** Bytes of an announcement: 256 KiB (trust.md). */
export const MAX_ANNOUNCEMENT_BYTES = 256 * 1024

/** Bytes of the proof of a fork: 64 KiB of roots and two targets files of 128 KiB (packages/release). */
export const MAX_FORK_PROOF_BYTES = 320 * 1024
/** Bytes of a JSON answer (head, peers): ours are under 10 kB; 64 KiB leaves room for 256 addresses. */
export const MAX_JSON_BYTES = 64 * 1024
/** Bytes of one metadata file (targets, root) of a history: as an announcement, which holds them all. */
export const MAX_METADATA_BYTES = 256 * 1024
/** Addresses that one peer may teach us at a time. */
export const TAUGHT_ADDRESSES = 64

// --- fetching ---

/** Blocks asked for in one request. 256 CIDs are 9 kB of request; an answer is at most 512 MiB, usually under 30 MB. */
export const BATCH_BLOCKS = 256
/** Bytes expected in one batch, where sizes are known: fills 100 ms at 600 Mbit/s, and is little enough to share among peers. */
export const BATCH_BYTES = 8 * 1024 * 1024
/** Bytes that a block is assumed to have where nothing tells: 64 of them in a batch. */
export const ASSUMED_BLOCK_BYTES = BATCH_BYTES / 64
/** Requests under way at once with one source: the second hides the round trip of the first. */
export const REQUESTS_PER_SOURCE = 2
/** Raw block requests under way at once to a gateway that knows no batches. */
export const RAW_REQUESTS_AT_ONCE = 16
/** Blocks of a release about which mirrors tell each other who holds what: 16 KiB of bits an answer. Above, each fetches by itself. */
export const MAX_PARTS = 65_536
/** Bytes of an answer about parts: two bits for each. */
export const MAX_PARTS_BYTES = MAX_PARTS / 4
/** Milliseconds for which a mirror that is fetching too is waited for although it holds nothing new. */
export const PARTS_PATIENCE_MS = 30_000
/** Milliseconds without any block after which nobody is waited for who only may come to hold more. */
export const HOPE_MS = 120_000
/** Bytes of a first batch in a fetch that others share in, and milliseconds that each later one should take: little is asked twice. */
export const SHARED_BATCH_BYTES = 256 * 1024
export const SHARED_BATCH_MS = 1000
/** How many times later a source that holds everything is asked for what others are late with, where several fetch the same. */
export const SPARED_TIMES = 10
/** Wants gathered before a round: enough for several sources, little enough to stay flat on a million blocks. */
export const ROUND_BLOCKS = BATCH_BLOCKS * 16
/** Failures in a row after which a source is left alone. */
export const SOURCE_FAILURES = 3
/** Milliseconds before a failed source is asked again, doubled each time. */
export const RETRY_MS = 250
/**
 * Milliseconds after which a request is late: without a block for so long, or with more than that still to go. An idle source
 * then asks for its rest as well. Above a round trip through Tor, below what a person waits without a thought.
 */
export const LATE_MS = 1500
/** Copies of one block that may be under way at once; one more for each ten times LATE_MS that it is waited for. */
export const COPIES_UNDER_WAY = 2
/** Room for directory nodes and odd layouts above the signed size of a tree: a quarter, 4 KiB a file, and 16 MiB. */
export const OVERHEAD_RATIO = 1.25
export const OVERHEAD_PER_FILE = 4 * 1024
export const OVERHEAD_FIXED = 16 * 1024 * 1024

// --- time ---

/** Milliseconds without a byte after which an answer is given up and its blocks asked elsewhere (reachability.md: resets and stalls). */
export const STALL_MS = 30_000
/**
 * Milliseconds without progress that an upload may take: what is sent lies in buffers of both systems before the other side
 * answers, and at 64 kbit/s a 2 MiB buffer takes 260 s.
 */
export const UPLOAD_STALL_MS = 300_000
/** Milliseconds for a short question to a peer (head, announcement, peers), above what it was asked to wait. */
export const QUESTION_TIMEOUT_MS = 15_000
/** Milliseconds for a connection to come up, all addresses of a peer together: libp2p's own default. */
export const DIAL_TIMEOUT_MS = 10_000
/** Milliseconds for both sides to agree on a stream's protocol. libp2p's 10 s are too few behind 256 KiB of data at 64 kbit/s. */
export const NEGOTIATION_TIMEOUT_MS = 30_000
/**
 * Milliseconds for a ping on a busy connection before it is taken for dead. libp2p's 5 s would cut a slow but working line,
 * whose queue holds a window of data (1 MiB at 64 kbit/s: 130 s); a dead one is noticed by STALL_MS anyway.
 */
export const PING_TIMEOUT_MS = 150_000
/** Milliseconds between such pings. */
export const PING_INTERVAL_MS = 30_000

// --- streams of the HTTP protocol ---

/** Streams that one peer may have open with us; each serves one request at a time. */
export const HTTP_STREAMS_PER_PEER = 64
/** Streams that we use with one peer at once: half, since those that are closing count as well. */
export const HTTP_STREAMS_OUT = 32
/** Milliseconds that a served stream may be idle between requests, and within one: above the longest long poll. */
export const SERVED_IDLE_MS = 60_000
export const SERVED_STALL_MS = 300_000
/** Bytes of a request's or answer's headers: node:http's default, stated. */
export const MAX_HEADER_BYTES = 16 * 1024
/**
 * Bytes that a yamux stream may have under way or unread. libp2p lets it grow to 16 MiB and then aborts a stream that holds
 * 4 MiB unread, so a slow reader would lose its download; 1 MiB carries 80 Mbit/s at 100 ms a stream.
 */
export const STREAM_WINDOW_BYTES = 1024 * 1024
/** Bytes that a stream's socket gathers in either direction before it waits: several frames, where Node's 64 KiB hold one. */
export const SOCKET_BUFFER_BYTES = 256 * 1024

// --- connections and gossip ---

/** Connections accepted per second from one address. libp2p's 5 resets the sixth peer behind one proxy, NAT or Tor exit (facts.md). */
export const INBOUND_CONNECTIONS_PER_SECOND = 100
/** Connections that may be in their handshake at once. libp2p's 10 are too few for a proxy that reconnects all its peers. */
export const PENDING_CONNECTIONS = 100
/** Bytes of one gossip RPC: an announcement (256 KiB) and its framing, twice over. */
export const MAX_GOSSIP_BYTES = 1024 * 1024
/** Bytes that may wait to be gossiped to a slow peer before its stream is given up. */
export const MAX_GOSSIP_BACKLOG_BYTES = 4 * 1024 * 1024
/** Messages and subscriptions in one gossip RPC, far above any honest use. */
export const MAX_GOSSIP_MESSAGES = 64
export const MAX_GOSSIP_SUBSCRIPTIONS = 1000
/** Announcements of one peer that are judged at the same time: each costs signature checks. */
export const JUDGED_AT_ONCE = 8
/** Rejected announcements after which a peer is not listened to; forgotten by half each minute. */
export const REJECTIONS_BORNE = 8
export const REJECTION_HALF_LIFE_MS = 60_000
/** Peers whose rejections are remembered. */
export const REMEMBERED_REJECTERS = 1024

/** Every limit of the gateway: what it counts, its unit, and where the number comes from. */
import type { ServerOptions } from 'node:http'
import { BATCH_BLOCKS } from '@holdfast/network'

// --- requests ---

/** Characters of a request's path and query. RFC 9110, 4.1 asks for 8,000 at least; a path of 255-byte names in Chinese fits 10 deep. */
export const MAX_TARGET_CHARS = 8192
/** Names in one content path: the nesting that packages/dag takes. Each costs a block read, or more in sharded folders. */
export const MAX_PATH_SEGMENTS = 128
/** Bytes inside an identity CID: Kubo's limit (boxo `verifcid`). */
export const MAX_IDENTITY_BYTES = 128

// --- request bodies ---

/** Bytes of a batch request. A CIDv1 with a sha2-256 hash has 36; 64 leave room for other codecs and hashes. */
export const MAX_BATCH_BODY_BYTES = BATCH_BLOCKS * 64
/** Bytes of one CAR upload. A larger release comes in several; what it may add is the quota's business, behind this. */
export const MAX_UPLOAD_BYTES = 16 * 1024 ** 3
/** Milliseconds without a byte after which a body is given up, so that silence holds no place: packages/network's STALL_MS. */
export const BODY_STALL_MS = 30_000

// --- long polls ---

/** Seconds that one may last: below the 60 after which web servers in front of us give up (nginx `proxy_read_timeout`). */
export const MAX_WAIT_SECONDS = 50
/** Long polls under way at once; whoever comes then is answered at once. Each costs about 2 kB and a connection. */
export const MAX_WAITING = 256

// --- answers ---

/** Bytes gathered before they are handed on: one TLS record of yamux or HTTP each would cost more than the copying. */
export const STREAM_CHUNK_BYTES = 64 * 1024
/** Milliseconds for which a client may leave an answer unread before it is cut off; as long as a stalled body twice. */
export const ANSWER_STALL_MS = 60_000
/** Seconds for which content under its own hash may be cached (path-gateway, "Cache-Control"). */
export const IMMUTABLE_SECONDS = 29_030_400
/** Roots in `X-Ipfs-Roots`, 60 bytes each: beyond it the header is left out (path-gateway allows that for CAR). */
export const MAX_ROOTS_IN_HEADER = 32
/** Addresses told in one answer: as many as packages/network takes (TAUGHT_ADDRESSES). */
export const MAX_PEERS_TOLD = 64
/** Characters of a reason or a file name that is repeated in an answer. */
export const MAX_ECHOED_CHARS = 300

/**
 * For the node:http servers that carry the gateway. Uploads may take hours, so no time for a whole request; what stalls is
 * ended by BODY_STALL_MS and ANSWER_STALL_MS. Headers within 30 s and 16 KiB: a slow prober holds no place.
 */
export const GATEWAY_SERVER_OPTIONS: ServerOptions = {
  requestTimeout: 0,
  headersTimeout: 30_000,
  keepAliveTimeout: 75_000,
  maxHeaderSize: 16 * 1024,
}

/** Every limit of this package: what it counts, its unit, and where the number comes from. All are our choice. */

// --- retention ---

/** Releases kept by default, the served one among them: cheap, because neighbours share most blocks (facts: 37 new ones in five years). */
export const DEFAULT_KEEP = 8

// --- what is remembered of others ---

/** Connected peers that are remembered; network keeps 24 connections and accepts some hundreds. */
export const MAX_PEERS = 512
/** Peers of which one archive remembers the heads. */
export const MAX_HEADS = 256
/** Sources handed to one fetch. */
export const MAX_SOURCES = 64

// --- releases on their way ---

/** Releases older than the newest that are remembered because the newest may be impossible to get. */
export const MAX_FALLBACKS = 4
/** Fetches cancelled in a row for a newer release; then one is left to finish, or frequent releases would keep us from ever serving any. */
export const MAX_PREEMPTIONS = 3
/** Releases given up whose holds the performer has not ended yet; beyond that its next start must see to them. */
export const MAX_LEFTOVERS = 64
/** Older releases looked for at a time, when the newest cannot be had. */
export const MAX_FINDS = 3

// --- time ---

/** Milliseconds before the second attempt of anything that failed; doubles from attempt to attempt. */
export const RETRY_MIN_MS = 2_000
/** Milliseconds that the pause grows to: a healed network is noticed after this at the latest. */
export const RETRY_MAX_MS = 5 * 60_000
/** Milliseconds between attempts that only people can help, by making room. */
export const SLOW_RETRY_MS = 15 * 60_000
/** Milliseconds between two comparisons of heads with the same peer: gossip tells a late joiner nothing. */
export const SYNC_MS = 5 * 60_000
/** Part of every pause that chance decides on, so that mirrors which failed together do not return together. */
export const JITTER = 0.5

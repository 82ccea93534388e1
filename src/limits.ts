/** Every limit of the program itself, with its unit and where the number comes from. */

/** Milliseconds between progress lines where stderr is no terminal: our choice, a log stays readable. */
export const PROGRESS_INTERVAL_MS = 3000

/** Milliseconds without a byte after which progress says what is waited for (interface.md). */
export const SILENCE_MS = 30_000

/** Bytes of config.toml that are read: our choice, far above any honest file. */
export const MAX_CONFIG_BYTES = 256 * 1024

/** TCP port of a mirror's libp2p and of its gateway when none is given: our choice, unassigned by IANA. */
export const DEFAULT_PORT = 4996
export const DEFAULT_GATEWAY_PORT = 8996

/** Milliseconds that a reader waits for slower mirrors once one has answered with a verified release: our choice. */
export const SLOWER_MIRRORS_MS = 1500

/** Milliseconds in which a publisher tries to reach its mirrors before it says that nobody can be reached: our choice. */
export const REACH_MIRRORS_MS = 15_000

/** Milliseconds without any mirror connected or any byte moving after which `publish --wait` gives up: our choice. */
export const PUBLISH_PATIENCE_MS = 120_000

/** Seconds of one long-poll for a mirror's head: below the 60 s after which proxies cut a silent request. */
export const HEAD_WAIT_S = 25

/** Files and folders in one source folder or fetched tree: a million releases of text fit; more is a bomb or a mistake. */
export const MAX_TREE_ENTRIES = 10_000_000

/** Folders inside folders in a fetched tree: our choice; Linux paths end at 4,096 bytes. */
export const MAX_TREE_DEPTH = 256

/** Milliseconds between looks of `status --watch`: our choice. */
export const STATUS_WATCH_MS = 1000

/** Milliseconds after a fetched block until it is durable: our choice, a power cut costs so much of a fetch at most. */
export const FLUSH_AFTER_MS = 500

/** Files that \`verify\` names one by one: our choice, a screenful; more say nothing new. */
export const MAX_NAMED_PROBLEMS = 20

/** Bytes of a Markdown file whose tables are compared row by row: our choice, the real archive's largest has 60 kB. */
export const MAX_COMPARED_TABLE_BYTES = 4 * 1024 * 1024
/** Rows and files of each kind that are listed before "and N more". */
export const SHOWN_CHANGES = 10

/** Milliseconds of file-system calls after which signals and timers get a turn: under what a person notices. Our choice. */
export const SYNC_WORK_MS = 20

/**
 * Nanoseconds for which a file that was changed is not believed to be the same by its times: two changes within one tick of
 * a file system's clock look alike, and FAT counts in two seconds.
 */
export const SAME_TICK_NS = 2_000_000_000n

/** Part of what a maintainer's releases need that the store may take beyond it before the rest is collected. Our choice. */
export const MAX_WASTE = 1 / 8
/** Bytes that a file takes beside its content in folders and manifest: a CID of 36 bytes in each, and its name. */
export const BYTES_BESIDE_A_FILE = 256

/** Milliseconds between attempts to get a manifest that other mirrors are fetching too, and how often: half a minute together. */
export const MANIFEST_RETRY_MS = 500
export const MANIFEST_ATTEMPTS = 60

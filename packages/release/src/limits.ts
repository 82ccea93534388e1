/** Every limit of the signed formats: what it counts, its unit, and where the number comes from. */

// --- our choice: trust.md, "The announcement" ---

/** Bytes of one encoded announcement, everything in. */
export const MAX_ANNOUNCEMENT_BYTES = 256 * 1024
/** Bytes of all root metadata in one encoded announcement; a longer chain travels as its newest part. */
export const MAX_ANNOUNCED_ROOT_BYTES = 64 * 1024

// --- proposals: our choice; one with three maintainers has under 8 KiB, so that a messenger takes it ---

/** Bytes of one encoded proposal: what an announcement and one more root take. */
export const MAX_PROPOSAL_BYTES = 320 * 1024
/** UTF-8 bytes of the summary in a proposal. */
export const MAX_SUMMARY_BYTES = 1024
/** Copies of a proposal that are merged at once: no more can have been cosigned apart from each other. */
export const MAX_PROPOSAL_COPIES = 128

// --- fork proofs ---

/** Bytes of one encoded fork proof: two targets files and the announced roots. */
export const MAX_FORK_PROOF_BYTES = 320 * 1024

// --- bundles: our choice ---

/** Bytes of a bundle's first block: what IPFS nodes hand to each other. Some thousand roots fit. */
export const MAX_BUNDLE_HEAD_BYTES = 2 * 1024 * 1024
/** Hints in a bundle: as in a link. */
export const MAX_BUNDLE_HINTS = 16
/** UTF-8 bytes of a hint, and of an address: many times the longest multiaddr. */
export const MAX_HINT_BYTES = 1024
/** UTF-8 bytes of the path of what is inside: as long as a path on Linux. */
export const MAX_BUNDLE_PATH_BYTES = 4096

// --- per file: TUF leaves the numbers to the client (5.3.3, 5.4.1, 5.5.1, 5.6.1); python-tuf's are larger for snapshot and targets ---

/** Bytes of one root metadata file: one must always fit the announced part. */
export const MAX_ROOT_BYTES = 60 * 1024
/** Bytes of timestamp metadata: python-tuf's 16,384. */
export const MAX_TIMESTAMP_BYTES = 16 * 1024
/** Bytes of snapshot or of targets metadata: what an announcement leaves room for. */
export const MAX_SIGNED_FILE_BYTES = 128 * 1024
/** Root versions taken in one go (TUF 5.3.3 asks for a limit; python-tuf stops at 256 a refresh, a new reader starts from 1). */
export const MAX_ROOTS = 1024
/** Unsigned bytes that a stranger may add to a root after the first, above twice its signed part. */
export const MAX_ROOT_PADDING_BYTES = 4 * 1024

// --- shapes: our choice, far above any honest use ---

/** Nested arrays and objects in one metadata file. */
export const MAX_JSON_DEPTH = 64
/** Signatures on one metadata file. */
export const MAX_SIGNATURES = 128
/** Keys that one file may define, and keys of one role. */
export const MAX_KEYS = 128
/** Characters of one public key in text form (an RSA 8192 key in PEM takes 1,500). */
export const MAX_PUBLIC_KEY_CHARS = 4096

// --- delegations: our choice; python-tuf stops at 32 roles visited for one target ---

/** Roles that one targets file may delegate to. */
export const MAX_DELEGATED_ROLES = 256
/** Path patterns or hash prefixes of one delegated role. */
export const MAX_PATH_PATTERNS = 4096
/** Characters of one path pattern: as long as a path on Linux. */
export const MAX_PATH_PATTERN_CHARS = 4096
/** Roles visited in search of one target (TUF 5.6.7.1). */
export const MAX_VISITED_ROLES = 32

// --- strings shown to people: our choice ---

/** UTF-8 bytes of a release's message. */
export const MAX_MESSAGE_BYTES = 4096
/** Characters (code points) of an archive's name. */
export const MAX_NAME_CHARS = 200

// --- time: our choice, trust.md "Freshness" ---

const DAY_MS = 24 * 60 * 60 * 1000
/** Milliseconds for which a new timestamp is good: one signature in a quarter year keeps an archive fresh. */
export const TIMESTAMP_VALIDITY_MS = 90 * DAY_MS
/** Milliseconds for which root, targets and snapshot are good: ten years, because only the timestamp speaks of freshness. */
export const ROLE_VALIDITY_MS = 3650 * DAY_MS
/** Milliseconds that a date may lie ahead of our clock before we say that one of two clocks is wrong. */
export const CLOCK_TOLERANCE_MS = DAY_MS

// --- verification effort: our choice ---

/** Earlier roots tried in order to tell a revoked key or an honest old announcement from plain forgery. */
export const MAX_EARLIER_ROOTS_TRIED = 4
/** Imported public keys kept ready (they never change; importing costs as much as half a verification). */
export const MAX_IMPORTED_KEYS = 64

// --- links: interface.md ---

/** Characters of a link, so that it fits a QR code. */
export const MAX_LINK_CHARS = 2048
/** Hints in one link. */
export const MAX_LINK_HINTS = 16

/** Every limit of the daemon, with its unit and where the number comes from. All are our choice unless said. */

/** Connections that a mirror keeps up by itself; gossipsub needs about 6 (its D), the rest finds blocks. */
export const KEPT_CONNECTIONS = 24
/** Peers that are remembered, and written down for the next start. */
export const MAX_CONTACTS = 128
/** Attempts after which a peer that nobody named by hand is forgotten. */
export const TAUGHT_ATTEMPTS = 6
/** Milliseconds before the second attempt to reach a peer, doubling up to the longest. */
export const REDIAL_MIN_MS = 500
export const REDIAL_MAX_MS = 5 * 60_000
/** Addresses told to one asker. */
export const MAX_TOLD_PEERS = 32
/** Milliseconds between lines on the progress of a fetch. */
export const FETCH_NOTE_MS = 5_000
/** Milliseconds between questions of what another mirror holds of a release that both fetch: a kilobyte each. Our choice. */
export const PARTS_POLL_MS = 500
/** Milliseconds that an orderly stop may take before it is cut short. */
export const STOP_MS = 5_000
/** Past releases whose signed metadata a mirror gathers from others; each is a few kilobytes. */
export const MAX_HISTORY = 1000
/** Milliseconds that an import waits for its release to be served: a pin of a million blocks takes 10 s. */
export const IMPORT_SERVED_MS = 60_000

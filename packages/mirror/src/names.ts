/** What is named, by whom, and for how long a name holds. */

/** A peer as the network calls it; compared, never read. */
export type PeerName = string

/** Names one effect that reports back. Unique for the life of the machine: late reports of an abandoned job find nobody. */
export type JobId = number

/** Unique for the life of the machine, likewise. */
export type TimerId = string

/** What a mirror is told: by people, by peers, by the clock, and by whoever performs its effects. */
import type { ReleaseInfo } from '@holdfast/release'
import type { JobId, PeerName, TimerId } from './names.ts'

/** Everything that a machine may be told, in any order and any number of times: what makes no sense (any more) changes nothing. */
export type Input =
  | Followed
  | { type: 'unfollowed'; address: string }
  | Announced
  | ReleaseFound
  | Done
  | Failed
  | { type: 'peerSeen' | 'peerLost'; peer: PeerName }
  | PeerHead
  | { type: 'timer'; id: TimerId }

/**
 * An archive is to be mirrored, from the start of the program or from now on. For one that is followed already: no effect.
 * After `forget`, only once that was performed, with what the stores say then.
 */
export interface Followed {
  type: 'followed'
  address: string
  /** The newest release of the stored, verified state; null before the first. Below `served` after a recovery (see Announced). */
  verified: ReleaseInfo | null
  /** The release that the stored head names. */
  served: ReleaseInfo | null
  /** All releases that the ledger has pinned for this archive: those of `served`, before it, or pinned right before a crash. */
  kept: ReleaseInfo[]
}

/** The verifier accepted an announcement, and its state is stored durably. Stale ones and forks never come here. */
export interface Announced {
  type: 'announced'
  release: ReleaseInfo
  /** As the verifier says: false when only the metadata around the release moved. */
  newRelease: boolean
  /** Who brought it, and so may know where its blocks are; null for ourselves. */
  from: PeerName | null
  /**
   * True when the verifier accepted it although a release of the same or of a higher version was held before: those who
   * signed that one were voted out (fast-forward recovery, TUF 5.3.11). Without this, an older release changes nothing.
   */
  recovery?: boolean
}

/** The answer to `findRelease`: its signatures were verified under the archive's roots. */
export interface ReleaseFound {
  type: 'releaseFound'
  release: ReleaseInfo
}

/** An effect was performed, durably where it concerns the disk. `job` is the effect's own. */
export interface Done {
  type: 'fetched' | 'pinned' | 'headAdvanced' | 'unpinned'
  address: string
  version: number
  job: JobId
}

/** An effect could not be performed: the performer has done what it could, with all sources, and stopped. */
export interface Failed {
  type: 'fetchFailed' | 'pinFailed' | 'headFailed' | 'unpinFailed'
  address: string
  version: number
  job: JobId
  /** `disk-full`, `quota`, `retracted` and `too-large` are retried slowly; whatever else with growing pauses. */
  code: string
  /** For people. */
  reason: string
}

/** What a peer says of itself; claims, not proofs. Only peers that were seen and not lost count. */
export interface PeerHead {
  type: 'peerHead'
  peer: PeerName
  address: string
  /** Version of the newest release it verified; null when it knows none. */
  verified: number | null
  /** Version of the release it serves, whole; null when none. */
  served: number | null
}

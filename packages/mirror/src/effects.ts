/** What a mirror wants done. `src/daemon.ts` does it, a simulator pretends to. */
import type { ReleaseInfo } from '@holdfast/release'
import type { JobId, PeerName, TimerId } from './names.ts'

/**
 * Rules for the performer:
 * - `pin`, `advanceHead`, `unpin` and `forget` of one archive are performed one after the other, in the order they came;
 *   the rest may run beside them.
 * - Each effect with a `job` is reported with that job: once, and not at all after `cancelFetch` or `forget`. (A report
 *   that was already under way does no harm.)
 * - Reports of one list of effects are handed in after the whole list was taken up.
 * - `forget` ends all pins and all holds of an archive, also those of fetches that never came to a pin.
 */
export type Effect =
  | FetchEffect
  | { type: 'addSource'; address: string; version: number; job: JobId; peer: PeerName }
  | { type: 'cancelFetch'; address: string; version: number; job: JobId }
  | PinEffect
  | AdvanceHeadEffect
  | UnpinEffect
  | { type: 'forget'; address: string }
  | { type: 'syncHeads'; with: PeerName; addresses: string[] }
  | FindReleaseEffect
  | { type: 'gc' }
  | { type: 'schedule'; id: TimerId; after: number }
  | { type: 'unschedule'; id: TimerId }
  | Report

/**
 * Bring all blocks of a release into the store and hold them there: `fetched`, or `fetchFailed` once none of the sources
 * can give more. The hold outlives failure and `cancelFetch`, so that the next attempt goes on where this one ended;
 * it ends with `pin` or `unpin` of the release.
 *
 * `addSource` while it runs: another peer, or one that is a source already and now claims to hold everything.
 * `cancelFetch`: stop; nothing is reported any more.
 */
export interface FetchEffect {
  type: 'fetch'
  release: ReleaseInfo
  job: JobId
  /** Best first; empty when nobody is connected (what is missing may be nothing). */
  from: PeerName[]
}

/** Make sure that every block is there, durably, and record the pin: `pinned` or `pinFailed`. */
export interface PinEffect {
  type: 'pin'
  release: ReleaseInfo
  job: JobId
}

/** Store durably that this is the release to serve: `headAdvanced` or `headFailed`. Only ever for a pinned release. */
export interface AdvanceHeadEffect {
  type: 'advanceHead'
  release: ReleaseInfo
  job: JobId
}

/** End pin and hold of this very release (two may share a version, see Announced.recovery): `unpinned` or `unpinFailed`. */
export interface UnpinEffect {
  type: 'unpin'
  release: ReleaseInfo
  job: JobId
}

/**
 * The newest release cannot be had, and these peers serve an older one that is better than ours: get its signed targets from
 * our own store or from them, verify them as a past release, and answer `releaseFound`. Not answering is fine.
 */
export interface FindReleaseEffect {
  type: 'findRelease'
  address: string
  version: number
  from: PeerName[]
}

/** Something that people should know of. Not repeated while nothing changes. */
export interface Report {
  type: 'report'
  level: 'info' | 'warning'
  address: string
  version?: number
  code: ReportCode
  /** One sentence. */
  message: string
}

export type ReportCode =
  | 'waiting' // nobody that we can reach claims to hold the release
  | 'failing' // somebody claims to hold it, and yet it could not be fetched
  | 'no-room' // disk full or quota reached: what is served stays, the new release waits
  | 'refused' // retracted, or larger than it says: tried again only rarely
  | 'fallback' // an older release is fetched meanwhile, because the newest cannot be had
  | 'not-stored' // pin or head or unpin could not be written
  | 'unpinned-head' // the stored head names a release that the ledger does not have: it is fetched again
  | 'recovery' // the keys of what is served were voted out: the head goes to another release, though its version is not higher

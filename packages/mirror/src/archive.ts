/** What a machine knows of one followed archive, and what follows from it without any decision. */
import type { ReleaseInfo } from '@holdfast/release'
import type { ReportCode } from './effects.ts'
import type { Followed } from './inputs.ts'
import type { JobId, PeerName, TimerId } from './names.ts'

/** A release on its way: from the announcement to the pin. */
export interface Wanted {
  release: ReleaseInfo
  phase: 'waiting' | 'fetching' | 'pinning'
  /** Of the fetch or the pin. */
  job: JobId | null
  /** Who announced it. */
  announcer: PeerName | null
  /** Sources of the running fetch; true for those that claim to hold the release. */
  sources: Map<PeerName, boolean>
  /** Connected peers that claimed to hold it when a fetch failed: their word alone starts no further attempt. */
  disproven: Set<PeerName>
  /** Attempts that failed. */
  failures: number
  lastCode: string | null
  /** The last failure is one that only people can end. */
  slow: boolean
  /** Runs while it waits for its next attempt. */
  timer: TimerId | null
  retryAt: number | null
  /** Whether the store may hold parts of it. */
  attempted: boolean
  /** What people were told about it: once is enough. */
  reported: Set<ReportCode>
}

/** Pause between attempts to store something. */
export interface Pause {
  failures: number
  timer: TimerId | null
}

export interface PeerHeads {
  verified: number | null
  served: number | null
}

export interface Archive {
  readonly address: string
  /** Not always the highest version: see Announced.recovery. */
  verified: ReleaseInfo | null
  served: ReleaseInfo | null
  /** What the ledger has pinned, newest first; what is being unpinned stays until that is reported. */
  kept: ReleaseInfo[]
  /** Newest first. */
  wanted: Wanted[]
  /** Given up after an attempt: the store still holds parts. */
  leftovers: ReleaseInfo[]
  /** Fetches cancelled for a newer release since the head last moved. */
  preempted: number
  readonly headPause: Pause
  readonly unpinPause: Pause
  readonly heads: Map<PeerName, PeerHeads>
  heardAt: number | null
}

export function newArchive({ address, verified, served, kept }: Followed): Archive {
  return {
    address,
    verified,
    served,
    kept: newestFirst(kept),
    wanted: [],
    leftovers: [],
    preempted: 0,
    headPause: { failures: 0, timer: null },
    unpinPause: { failures: 0, timer: null },
    heads: new Map(),
    heardAt: null,
  }
}

/** Two releases may share a version (a fork that new keys decided), or a CID (an old content published again). */
export function isSame(a: ReleaseInfo, b: ReleaseInfo): boolean {
  return a.version === b.version && a.cid.equals(b.cid)
}

export function newestFirst(releases: readonly ReleaseInfo[]): ReleaseInfo[] {
  return releases.toSorted((a, b) => b.version - a.version)
}

/**
 * Whether the keys that signed it were voted out: `verified` never goes down otherwise, so whatever stands above it, or
 * beside it, was signed by nobody that counts.
 */
export function isRevoked({ verified }: Archive, release: ReleaseInfo): boolean {
  if (verified === null || release.version < verified.version) return false
  return !isSame(release, verified)
}

/** The newest pinned release that may be served. @param leaving releases that are being unpinned */
export function bestKept(archive: Archive, leaving: readonly ReleaseInfo[]): ReleaseInfo | null {
  const stays = archive.kept.find((kept) => !isRevoked(archive, kept) && !leaving.some((gone) => isSame(gone, kept)))
  return stays ?? null
}

/** Whether the head should move from what is served to `release`. Down it goes from a revoked release alone. */
export function isAdvance(archive: Archive, release: ReleaseInfo): boolean {
  const { served } = archive
  if (served === null || isRevoked(archive, served)) return true
  return release.version > served.version
}

/** Whether having a release would be better than what is pinned and served already. */
export function isUseful(archive: Archive, release: ReleaseInfo, leaving: readonly ReleaseInfo[]): boolean {
  if (isRevoked(archive, release)) return false
  const best = bestKept(archive, leaving)
  if (best !== null && release.version <= best.version) return false
  // What is served but not pinned has to be had again.
  return isAdvance(archive, release) || (archive.served !== null && isSame(release, archive.served))
}

export function isNewest({ verified }: Archive, { release }: Wanted): boolean {
  return verified !== null && isSame(release, verified)
}

/** What can be asked of a machine, for `status` and for tests. */
import type { ReleaseInfo } from '@holdfast/release'
import type { Archive } from './archive.ts'
import type { PeerName } from './names.ts'
import { claims, knowsArchive } from './peers.ts'

/** One followed archive, as the machine has it. A copy: it does not change. */
export interface ArchiveView {
  address: string
  /** The newest verified release. */
  verified: ReleaseInfo | null
  /** The release that the stored head names: headAdvanced was reported, or `followed` said so. */
  served: ReleaseInfo | null
  /** Pinned releases, newest first. */
  kept: ReleaseInfo[]
  /** Releases on their way, newest first. */
  wanted: WantedView[]
  /** Connected peers that answered for this archive, and know it. */
  peers: PeerName[]
  /** Those of them that claim to serve the newest verified release, or a later one. */
  holders: PeerName[]
  /** When a peer last told us its head of this archive, by the caller's clock; null for never. */
  heardAt: number | null
}

export interface WantedView {
  release: ReleaseInfo
  /** `waiting`: until `retryAt`, or for its turn when that is null. */
  phase: 'waiting' | 'fetching' | 'pinning'
  /** Attempts that failed. */
  failures: number
  retryAt: number | null
  /** Code of the last failure, as the performer gave it. */
  lastCode: string | null
}

export function viewOf(archive: Archive): ArchiveView {
  const { address, verified, served, kept, heads, heardAt } = archive
  const peers = [...heads].filter(([, known]) => knowsArchive(known)).map(([peer]) => peer)
  const holders = verified === null ? [] : peers.filter((peer) => claims(heads.get(peer), verified.version))
  const wanted = archive.wanted.map(({ release, phase, failures, retryAt, lastCode }) => ({
    release,
    phase,
    failures,
    retryAt,
    lastCode,
  }))
  return { address, verified, served, kept: [...kept], wanted, peers, holders, heardAt }
}

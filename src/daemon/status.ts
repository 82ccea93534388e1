/** What `status` shows of a home, whether its daemon runs or not. */
import { gradeFreshness, type Freshness } from '@holdfast/release'
import type { Archive } from '../archives/archive-book.ts'

export interface ArchiveStatus {
  address: string
  name: string | null
  /** Highest release that is verified. */
  verified: number | null
  /** Release that is held whole and served. */
  served: number | null
  cid: string | null
  freshness: Freshness | null
  /** Bytes and files of the served release. */
  size: number | null
  files: number | null
  /** How many releases are pinned, and which. */
  releasesKept: number
  releases: number[]
  /** Versions under which two different releases are signed. */
  forks: number[]
  /** Other mirrors of it that are connected. */
  peers: number
}

export interface DaemonStatus {
  /** null when no daemon runs. */
  peerId: string | null
  multiaddrs: string[]
  gateway: string | null
  archives: ArchiveStatus[]
  disk: { used: number; quota: number | null }
}

/**
 * @param kept versions whose blocks are pinned, ascending
 * @param peers other mirrors of the archive that are connected
 */
export function archiveStatus(archive: Archive, kept: readonly number[], peers: number, now: Date): ArchiveStatus {
  const { address, verified, served } = archive
  return {
    address,
    name: archive.name ?? archive.claimedName,
    verified: verified?.version ?? null,
    served: served?.version ?? null,
    cid: served?.cid.toString() ?? null,
    freshness: verified === null ? null : gradeFreshness(verified.expires, now, peers > 0),
    size: served?.size ?? null,
    files: served?.files ?? null,
    releasesKept: kept.length,
    releases: [...kept],
    forks: archive.forks.map(({ version }) => version),
    peers,
  }
}

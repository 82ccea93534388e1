/** Who is connected, what they claim, and whom to ask first. */
import type { Archive, PeerHeads, Wanted } from './archive.ts'
import type { Errands } from './errands.ts'
import { jittered } from './backoff.ts'
import type { PeerName, TimerId } from './names.ts'
import { MAX_HEADS, MAX_PEERS, MAX_SOURCES, SYNC_MS } from './limits.ts'

export class PeerTable {
  /** Each with the timer of its next comparison. */
  readonly #peers = new Map<PeerName, TimerId>()
  readonly #errands: Errands
  readonly #random: () => number

  constructor(errands: Errands, random: () => number) {
    this.#errands = errands
    this.#random = random
  }

  has(peer: PeerName): boolean {
    return this.#peers.has(peer)
  }

  names(): PeerName[] {
    return [...this.#peers.keys()]
  }

  /**
   * Remembers a peer, and compares heads with it now and from time to time.
   *
   * @returns the peer that had to go for it, or null
   */
  add(peer: PeerName, archives: ReadonlyMap<string, Archive>): PeerName | null {
    const isFull = !this.has(peer) && this.#peers.size >= MAX_PEERS
    // Those that hold something stay: otherwise a flood of newcomers would push out everybody worth knowing.
    const evicted = isFull ? this.names().find((name) => !holdsAnything(name, archives)) : undefined
    if (isFull && evicted === undefined) return null
    if (evicted !== undefined) this.remove(evicted)
    this.compare(peer, [...archives.keys()])
    return evicted ?? null
  }

  /** Asks a peer for its heads, and sets the time of the next comparison anew. */
  compare(peer: PeerName, addresses: string[]): void {
    const pending = this.#peers.get(peer)
    if (pending !== undefined) this.#errands.unschedule(pending)
    if (addresses.length > 0) this.#errands.emit({ type: 'syncHeads', with: peer, addresses })
    this.#peers.set(peer, this.#errands.schedule({ kind: 'sync', peer }, jittered(SYNC_MS, this.#random)))
  }

  remove(peer: PeerName): void {
    const pending = this.#peers.get(peer)
    if (pending !== undefined) this.#errands.unschedule(pending)
    this.#peers.delete(peer)
  }

  /** @returns the best sources for a release, best first; by chance among equals, so that load spreads */
  sourcesFor(archive: Archive, wanted: Wanted): PeerName[] {
    const ranked = this.names().map((peer) => {
      const rank = rankOf(peer, archive.heads.get(peer), wanted)
      return { peer, rank, chance: this.#random() }
    })
    ranked.sort((a, b) => a.rank - b.rank || a.chance - b.chance)
    return ranked.slice(0, MAX_SOURCES).map(({ peer }) => peer)
  }
}

/** Whether a peer claims to hold a release whole. */
export function claims(heads: PeerHeads | undefined, version: number): boolean {
  return heads !== undefined && heads.served !== null && heads.served >= version
}

/** Whether a peer has anything to do with an archive; it may hold parts then. */
export function knowsArchive({ verified, served }: PeerHeads): boolean {
  return verified !== null || served !== null
}

/** Remembers what a peer claims, as long as there is room: holders take the place of those that hold nothing. */
export function rememberHeads(archive: Archive, peer: PeerName, heads: PeerHeads): void {
  if (!archive.heads.has(peer) && archive.heads.size >= MAX_HEADS) {
    const idle = [...archive.heads].find(([, known]) => known.served === null)
    if (idle === undefined || heads.served === null) return
    archive.heads.delete(idle[0])
  }
  archive.heads.set(peer, heads)
}

function holdsAnything(peer: PeerName, archives: ReadonlyMap<string, Archive>): boolean {
  return [...archives.values()].some(({ heads }) => (heads.get(peer)?.served ?? null) !== null)
}

function rankOf(peer: PeerName, heads: PeerHeads | undefined, { release, announcer }: Wanted): number {
  if (claims(heads, release.version)) return 0
  if (peer === announcer) return 1
  // Whoever verified it is probably fetching it, and has parts.
  if (heads !== undefined && (heads.verified ?? 0) >= release.version) return 2
  return heads === undefined || knowsArchive(heads) ? 3 : 4
}

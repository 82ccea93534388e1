/** Compares heads with peers: takes their announcement when they know more, learns whom else they know, remembers who mirrors what. */
import { ArchiveClient, reasonOf, type Carrier, type HeadAnswer } from '@holdfast/network'
import type { PeerName } from '@holdfast/mirror'
import type { ReleaseInfo } from '@holdfast/release'
import type { ArchiveBook } from '../archives/archive-book.ts'
import { announcementTag } from './gateway-context.ts'
import { MAX_HISTORY } from './limits.ts'

/** What comparing needs of the daemon. */
export interface SyncHelp {
  book: ArchiveBook
  readonly carrier: (peer: PeerName) => Carrier
  /** Judges and stores an announcement that differs from ours. */
  readonly take: (address: string, bytes: Uint8Array, from: PeerName) => Promise<void>
  /** What a peer says of itself; claims alone. */
  readonly heard: (address: string, peer: PeerName, head: HeadAnswer) => void
  /** Addresses of other mirrors that a peer told. */
  readonly told: (peer: PeerName, addresses: readonly string[]) => void
  note(line: string): void
}

export class HeadSync {
  readonly #help: SyncHelp
  readonly #signal: AbortSignal
  /** By address: peers that were found to mirror it, and are connected. */
  readonly #mirrors = new Map<string, Set<PeerName>>()

  constructor(help: SyncHelp, signal: AbortSignal) {
    this.#help = help
    this.#signal = signal
  }

  /** Peers that mirror an archive. */
  mirrorsOf(address: string): PeerName[] {
    return [...(this.#mirrors.get(address) ?? [])]
  }

  /** A peer is gone. */
  lost(peer: PeerName): void {
    for (const mirrors of this.#mirrors.values()) mirrors.delete(peer)
  }

  /** Asks one peer about several archives; one that fails does not keep the others. Never throws. */
  async compare(peer: PeerName, addresses: readonly string[]): Promise<void> {
    for (const address of addresses) {
      try {
        await this.#compareOne(peer, address)
      } catch (error) {
        if (!this.#signal.aborted) this.#help.note(`Comparing heads with ${peer}: ${reasonOf(error)}`)
      }
    }
  }

  /** A release of the past, from here or from these peers; null when nobody has it. Never throws. */
  async findRelease(address: string, version: number, from: readonly PeerName[]): Promise<ReleaseInfo | null> {
    try {
      const carriers = from.map((peer) => this.#help.carrier(peer))
      return await this.#help.book.findPast(address, version, carriers)
    } catch (error) {
      this.#help.note(`Looking for release ${version}: ${reasonOf(error)}`)
      return null
    }
  }

  async #compareOne(peer: PeerName, address: string): Promise<void> {
    const { book, carrier, heard, take, told } = this.#help
    const client = new ArchiveClient(carrier(peer))
    const head = await client.head(address, {}, this.#signal)
    if (head === null) return
    if (head.verified !== null) {
      const held = book.announcement(address)
      const answer = await client.announcement(address, held === null ? undefined : announcementTag(held), this.#signal)
      if (answer !== null && answer !== 'same') await take(address, answer.bytes, peer)
    }
    if (book.find(address) === null) return
    this.#mirrors.set(address, (this.#mirrors.get(address) ?? new Set()).add(peer))
    heard(address, peer, head)
    const proof = await client.fork(address, this.#signal)
    if (proof !== null) await take(address, proof, peer)
    told(peer, await client.peers(address, this.#signal))
    await this.#fillHistory(peer, address)
  }

  /** Signed metadata of past releases, for `log`: a mirror that joined late knows only the newest. */
  async #fillHistory(peer: PeerName, address: string): Promise<void> {
    const { book, carrier } = this.#help
    const newest = book.find(address)?.verified?.version ?? 1
    for (let version = newest - 1; version >= Math.max(1, newest - MAX_HISTORY); version--) {
      if ((await book.targets(address, version)) !== null) continue
      if ((await book.findPast(address, version, [carrier(peer)])) === null) return
    }
  }
}

/**
 * A fetch that other mirrors share in: each tells which blocks it holds already, so that they take them from each other, and
 * the maintainer's line, the scarcest thing there is, carries each block about once.
 */
import {
  ArchiveClient,
  CarrierSource,
  emptyBits,
  encodeParts,
  PartialSource,
  PartList,
  setBit,
  type BlockSource,
  type Carrier,
} from '@holdfast/network'
import type { BlockReader } from '@holdfast/dag'
import type { PeerName } from '@holdfast/mirror'
import type { ReleaseInfo } from '@holdfast/release'
import type { CID } from 'multiformats/cid'
import type { RunningFetch } from '../archives/fetch-release.ts'
import { PARTS_POLL_MS } from './limits.ts'

/** What a shared fetch needs of the daemon. */
export interface SharedFetchHelp {
  store: BlockReader
  carrier(peer: PeerName): Carrier
  /** Peers that mirror the archive, and may be fetching too. */
  mirrors(): PeerName[]
}

export class SharedFetch {
  readonly manifest: string
  readonly #release: ReleaseInfo
  readonly #help: SharedFetchHelp
  readonly #fetch: () => RunningFetch
  readonly #signal: AbortSignal
  /** Sources that were found to hold everything. */
  readonly #whole = new Set<PeerName>()
  readonly #partial = new Map<PeerName, PartialSource>()
  #list: PartList | null = null
  #held = emptyBits(0)
  #timer: NodeJS.Timeout | undefined

  constructor(release: ReleaseInfo, help: SharedFetchHelp, fetch: () => RunningFetch, signal: AbortSignal) {
    this.manifest = release.manifest.toString()
    this.#release = release
    this.#help = help
    this.#fetch = fetch
    this.#signal = signal
    signal.addEventListener('abort', () => clearTimeout(this.#timer), { once: true })
  }

  /** This peer holds everything: it is asked for anything. @returns whether it was a source already */
  isWhole(peer: PeerName): boolean {
    this.#whole.add(peer)
    const partial = this.#partial.get(peer)
    if (partial === undefined || this.#list === null) return false
    const all = emptyBits(this.#list.size).fill(0xff)
    if (partial.update({ held: all, asked: emptyBits(this.#list.size) }, performance.now()))
      this.#fetch().offersChanged()
    return true
  }

  /** The manifest is here: from now on parts are told and asked for. */
  async begin(): Promise<void> {
    const list = await PartList.read(this.#release.manifest, this.#help.store)
    if (list === null || this.#signal.aborted) return
    this.#list = list
    this.#held = emptyBits(list.size)
    for (const [at, cid] of list.cids().entries()) if (await this.#help.store.has(cid)) setBit(this.#held, at)
    await this.#poll()
  }

  stored(cid: CID): void {
    const number = this.#list?.numberOf(cid.toString())
    if (number !== undefined) setBit(this.#held, number)
  }

  /** @returns the answer to whoever asks for our parts; null before the manifest is here */
  parts(): Uint8Array | null {
    if (this.#list === null) return null
    const asked = emptyBits(this.#list.size)
    for (const key of this.#fetch().asked()) {
      const number = this.#list.numberOf(key)
      if (number !== undefined) setBit(asked, number)
    }
    return encodeParts({ held: this.#held, asked })
  }

  async #poll(): Promise<void> {
    const peers = this.#help.mirrors().filter((peer) => !this.#whole.has(peer))
    await Promise.all(peers.map(async (peer) => await this.#ask(peer)))
    if (this.#signal.aborted) return
    this.#timer = setTimeout(() => void this.#poll(), PARTS_POLL_MS).unref()
  }

  async #ask(peer: PeerName): Promise<void> {
    const { manifest } = this
    const list = this.#list
    if (list === null) return
    try {
      const carrier = this.#help.carrier(peer)
      const parts = await new ArchiveClient(carrier).parts(this.#release.address, manifest, list.size, this.#signal)
      if (parts === null || this.#signal.aborted || this.#whole.has(peer)) return
      const now = performance.now()
      const source = this.#partial.get(peer) ?? this.#newSource(peer, new CarrierSource(carrier), list, now)
      if (source.update(parts, now)) this.#fetch().offersChanged()
    } catch {
      // It cannot be asked now, and is asked again in a moment.
    }
  }

  #newSource(peer: PeerName, whole: BlockSource, list: PartList, now: number): PartialSource {
    const source = new PartialSource(whole, list, now)
    this.#partial.set(peer, source)
    this.#fetch().addSource(source)
    return source
  }
}

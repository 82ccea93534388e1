/** Performs what the machine decides about the disk: pins, heads, what is forgotten; one after the other for each archive. */
import { reasonOf } from '@holdfast/network'
import type { Effect, Input } from '@holdfast/mirror'
import type { ReleaseInfo } from '@holdfast/release'
import type { ArchiveBook } from '../archives/archive-book.ts'
import { KeyedQueue } from '../archives/keyed-queue.ts'
import { failureOf } from '../failure.ts'
import type { BlockStore } from '../store/block-store.ts'
import type { Retention } from '../store/retention.ts'

type DiskEffect = Extract<Effect, { type: 'pin' | 'advanceHead' | 'unpin' }>

/** Begins the names of a mirror's pins; the maintainer's begin otherwise. */
const OWNER = 'mirror'

export class Keeper {
  readonly blocks: BlockStore
  readonly #retention: Retention
  readonly #note: (line: string) => void
  /** Owners of holds, by which archive. */
  readonly #held = new Map<string, string>()
  readonly #queue = new KeyedQueue()
  #gcRunning: Promise<unknown> | null = null
  #gcWanted = false

  constructor(blocks: BlockStore, retention: Retention, note: (line: string) => void) {
    this.blocks = blocks
    this.#retention = retention
    this.#note = note
  }

  /** Bytes on disk. */
  used(): number {
    return this.blocks.usage().bytes
  }

  /** From now on gc keeps whatever there is of this release. */
  hold(release: ReleaseInfo): void {
    this.#held.set(ownerOf(release), release.address)
    this.#retention.hold(ownerOf(release), [release.cid, release.manifest])
  }

  /** @returns the input that tells the machine how it went */
  async perform(effect: DiskEffect, book: ArchiveBook): Promise<Input> {
    const { release, job, type } = effect
    const { address, version } = release
    return await this.#queue.run(address, async (): Promise<Input> => {
      try {
        if (type === 'pin') await this.#pin(release)
        else if (type === 'advanceHead') await book.serve(release)
        else await this.#unpin(ownerOf(release))
        return { type: DONE[type], address, version, job }
      } catch (error) {
        return { type: FAILED[type], address, version, job, code: failureOf(error).code, reason: reasonOf(error) }
      }
    })
  }

  /** Takes away all pins of an archive, then whatever else is to go with it. */
  forget(address: string, alsoForget: () => Promise<void>): void {
    void this.#queue.run(address, async () => {
      try {
        const held = [...this.#held].filter(([, archive]) => archive === address).map(([owner]) => owner)
        const owners = new Set([...held, ...this.#pinsOf(address).map(({ owner }) => owner)])
        for (const owner of owners) await this.#unpin(owner)
        await alsoForget()
        this.gcSoon()
      } catch (error) {
        this.#note(`Forgetting ${address}: ${reasonOf(error)}`)
      }
    })
  }

  /** Resolves once all that was asked for an archive is done. */
  async settled(address: string): Promise<void> {
    await this.#queue.settled(address)
  }

  /**
   * @param past reads a release of the past
   * @returns the releases of an archive that are pinned; pins of which the metadata is lost end here
   */
  async keptOf(address: string, past: (version: number) => Promise<ReleaseInfo | null>): Promise<ReleaseInfo[]> {
    const kept: ReleaseInfo[] = []
    for (const { owner, version, cid } of this.#pinsOf(address)) {
      const release = await past(version)
      if (release !== null && release.cid.toString() === cid) kept.push(release)
      else await this.#unpin(owner)
    }
    return kept
  }

  /** Frees what nothing pins, soon and once, however often it is asked for. */
  gcSoon(): void {
    this.#gcWanted = true
    if (this.#gcRunning !== null) return
    this.#gcRunning = this.#gcWhileWanted()
  }

  async gc(): Promise<{ blocks: number; bytes: number }> {
    await this.#gcRunning
    return await this.#retention.gc()
  }

  /** Resolves when nothing is under way on the disk. */
  async idle(): Promise<void> {
    await this.#queue.settled()
    await this.#gcRunning
  }

  async #gcWhileWanted(): Promise<void> {
    try {
      while (this.#gcWanted) {
        this.#gcWanted = false
        await this.#retention.gc()
      }
    } catch (error) {
      this.#note(`Freeing space: ${reasonOf(error)}`)
    } finally {
      this.#gcRunning = null
    }
  }

  async #pin(release: ReleaseInfo): Promise<void> {
    try {
      await this.#retention.pin(ownerOf(release), [release.cid, release.manifest])
    } catch (error) {
      if (failureOf(error).code !== 'incomplete') throw error
      // A manifest that nobody has is no reason not to keep the release: it serves for planning alone.
      await this.#retention.pin(ownerOf(release), [release.cid])
    }
  }

  async #unpin(owner: string): Promise<void> {
    await this.#retention.unpin(owner)
    this.#held.delete(owner)
  }

  #pinsOf(address: string): { owner: string; version: number; cid: string }[] {
    return this.#retention.pins().flatMap(({ owner }) => {
      const [kind, archive, version, cid] = owner.split('/')
      if (kind !== OWNER || archive !== address || version === undefined || cid === undefined) return []
      return [{ owner, version: Number(version), cid }]
    })
  }
}

const DONE = { pin: 'pinned', advanceHead: 'headAdvanced', unpin: 'unpinned' } as const
const FAILED = { pin: 'pinFailed', advanceHead: 'headFailed', unpin: 'unpinFailed' } as const

/** Two releases may share a version (recovery after stolen keys), so the root CID is part of the name. */
function ownerOf({ address, version, cid }: ReleaseInfo): string {
  return `${OWNER}/${address}/${version}/${cid}`
}

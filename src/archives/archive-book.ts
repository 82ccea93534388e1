/**
 * The archives of one home: what is verified and what is served of each, in memory and on disk. Every announcement, from
 * whatever carrier, comes through `submit`, one at a time for each archive.
 */
import { EventEmitter, once } from 'node:events'
import { ArchiveClient, type Carrier } from '@holdfast/network'
import {
  announcementOf,
  type Announcement,
  encodeAnnouncement,
  encodeForkProof,
  forkProofFrom,
  openPastRelease,
  openState,
  ReleaseError,
  type ReleaseInfo,
  type Verdict,
} from '@holdfast/release'
import type { ArchiveStore } from '../store/archive-store.ts'
import { forkIn } from './fork-in.ts'
import { KeyedQueue } from './keyed-queue.ts'
import { judgeAnnouncement, type KnownState } from './judge-announcement.ts'

/** One archive as it is held here. */
export interface Archive {
  readonly address: string
  readonly state: KnownState
  /** Highest verified release; null before the first. */
  readonly verified: ReleaseInfo | null
  /** Release that is held whole and served; null before the first. */
  readonly served: ReleaseInfo | null
  /** Verified name; null before the first root came. */
  readonly name: string | null
  /** Where to look, as the link gave it. */
  readonly hints: readonly string[]
  /** What a link claimed the archive to be called. */
  readonly claimedName: string | null
  /** Versions under which two different releases are signed, as far as somebody proved it. */
  readonly forks: readonly Fork[]
}

/** A proven fork: the maintainers, or thieves of their keys, signed two releases as one version. */
export interface Fork {
  readonly version: number
  /** Root CIDs of both. */
  readonly cids: readonly [string, string]
  /** The proof, verbatim, for anybody to check. */
  readonly proof: Uint8Array
}

export class ArchiveBook {
  readonly #store: ArchiveStore
  readonly #now: () => Date
  readonly #archives = new Map<string, Archive>()
  readonly #queue = new KeyedQueue()
  readonly #changes = new EventEmitter()

  private constructor(store: ArchiveStore, now: () => Date) {
    this.#store = store
    this.#now = now
    this.#changes.setMaxListeners(0)
  }

  /**
   * Reads and verifies again all that the store holds.
   *
   * @throws ReleaseError 'bad-state' or StoreError 'damaged' naming the archive
   */
  static async open(store: ArchiveStore, now: () => Date): Promise<ArchiveBook> {
    const book = new ArchiveBook(store, now)
    for (const address of await store.addresses()) await book.#load(address)
    return book
  }

  addresses(): string[] {
    return [...this.#archives.keys()]
  }

  find(address: string): Archive | null {
    return this.#archives.get(address) ?? null
  }

  /** Begins to follow an archive, or learns more hints for one that is followed. */
  async follow(address: string, hints: readonly string[], name: string | undefined): Promise<Archive> {
    const all = [...new Set([...(this.find(address)?.hints ?? []), ...hints])]
    await this.#store.follow(address, { hints: all, ...(name === undefined ? {} : { name }) })
    return await this.#load(address)
  }

  /** Forgets an archive; nothing of it is left but its blocks. */
  async forget(address: string): Promise<void> {
    await this.#queue.run(address, async () => {
      this.#archives.delete(address)
      await this.#store.forget(address)
      this.#changes.emit(address)
    })
  }

  /** Stores a state that was made here, by its maintainer. */
  async adopt(state: KnownState): Promise<Archive> {
    return await this.#queue.run(state.address, async () => {
      await this.#store.saveState(state)
      return await this.#load(state.address)
    })
  }

  /**
   * Judges an announcement and stores what is accepted, durably, before anything else is done with it.
   *
   * @param sender asked for missing roots
   * @returns the verdict; 'ignore' for archives that are not followed
   */
  async submit(address: string, announcement: Announcement | Uint8Array, sender: Carrier | null): Promise<Verdict> {
    return await this.#queue.run(address, async (): Promise<Verdict> => {
      const archive = this.find(address)
      if (archive === null) return { outcome: 'ignore', code: 'older', reason: 'this archive is not followed here' }
      const verdict = await judgeAnnouncement(archive.state, announcement, this.#now(), sender)
      // Both branches are kept: the first as our state, the second in a proof that convinces others.
      if (verdict.outcome === 'reject' && verdict.code === 'fork') await this.#prove(archive, announcement)
      if (verdict.outcome !== 'accept' || !this.#archives.has(address)) return verdict
      await this.#store.saveState(verdict.state)
      this.#archives.set(address, {
        ...archive,
        state: verdict.state,
        verified: verdict.release,
        name: verdict.release.name,
      })
      this.#changes.emit(address)
      return verdict
    })
  }

  /**
   * Takes the proof of a fork that somebody sent.
   *
   * @returns the fork, and whether it was not known here; null for bytes that prove nothing of this archive
   */
  async takeProof(address: string, bytes: Uint8Array): Promise<{ fork: Fork; isNew: boolean } | null> {
    return await this.#queue.run(address, async () => {
      const archive = this.find(address)
      const fork = await forkIn(bytes)
      if (archive === null || fork === null || fork.address !== address) return null
      return { fork, isNew: await this.#addFork(archive, fork) }
    })
  }

  /** Moves the served head. Its blocks must be pinned already. */
  async serve(release: ReleaseInfo): Promise<void> {
    await this.#queue.run(release.address, async () => {
      const archive = this.find(release.address)
      if (archive === null) return
      await this.#store.saveServed(release.address, release.version)
      this.#archives.set(release.address, { ...archive, served: release })
      this.#changes.emit(release.address)
    })
  }

  /** @returns the newest announcement as it travels, or null before the first release */
  announcement(address: string): Uint8Array | null {
    const state = this.find(address)?.state
    return state !== undefined && 'timestamp' in state && state.timestamp !== undefined
      ? encodeAnnouncement(announcementOf(state))
      : null
  }

  /** @returns a release of the past, verified again, or null when its metadata is not held */
  async past(address: string, version: number): Promise<ReleaseInfo | null> {
    const archive = this.find(address)
    if (archive === null || archive.state.roots.length === 0) return null
    if (archive.verified?.version === version) return archive.verified
    const targets = await this.#store.pastTargets(address, version)
    if (targets === null) return null
    const opened = await openPastRelease(archive.state, targets)
    return opened.ok ? opened.release : null
  }

  /**
   * A release of the past, from here or from others, whose metadata is stored once it is verified.
   *
   * @returns null when nobody has it
   */
  async findPast(address: string, version: number, others: readonly Carrier[]): Promise<ReleaseInfo | null> {
    const held = await this.past(address, version)
    const state = this.find(address)?.state
    if (held !== null || state === undefined || state.roots.length === 0) return held
    for (const carrier of others) {
      const targets = await new ArchiveClient(carrier).metadata(address, `${version}.targets.json`)
      const opened = targets === null ? null : await openPastRelease(state, targets)
      if (targets === null || opened === null || !opened.ok || opened.release.version !== version) continue
      await this.#store.saveTargets(address, version, targets)
      return opened.release
    }
    return null
  }

  /** Targets metadata of a release, verbatim; null when it is not held. */
  async targets(address: string, version: number): Promise<Uint8Array | null> {
    return await this.#store.pastTargets(address, version)
  }

  /** Resolves at the next change of the archive's state or heads. @throws when the signal is aborted */
  async changed(address: string, signal: AbortSignal): Promise<void> {
    await once(this.#changes, address, { signal })
  }

  async #load(address: string): Promise<Archive> {
    const stored = await this.#store.load(address)
    const state: KnownState = stored?.state ?? { address, roots: [] }
    const opened = state.roots.length === 0 ? null : await openState(state, this.#now())
    if (opened !== null && !opened.ok) {
      throw new ReleaseError('bad-state', `What is stored of the archive ${address} does not verify: ${opened.reason}.`)
    }
    const archive: Archive = {
      address,
      state,
      verified: opened?.release ?? null,
      served: null,
      name: opened?.name ?? null,
      hints: stored?.hints ?? [],
      claimedName: stored?.name ?? null,
      forks: await this.#forksOf(address),
    }
    this.#archives.set(address, archive)
    if (stored === null || stored.served === null) return archive
    const whole = { ...archive, served: await this.past(address, stored.served) }
    this.#archives.set(address, whole)
    return whole
  }

  async #prove({ state, address }: Archive, announcement: Announcement | Uint8Array): Promise<void> {
    const proof = 'targets' in state ? await forkProofFrom(state, announcement) : null
    const fork = proof && (await forkIn(encodeForkProof(proof)))
    const archive = this.find(address)
    if (fork !== null && archive !== null) await this.#addFork(archive, fork)
  }

  /** One proof for each version is enough. */
  async #addFork(archive: Archive, { version, cids, proof }: Fork): Promise<boolean> {
    const { address, forks } = archive
    if (forks.some((known) => known.version === version)) return false
    await this.#store.saveForkProof(address, proof)
    this.#archives.set(address, { ...archive, forks: [...forks, { version, cids, proof }] })
    this.#changes.emit(address)
    return true
  }

  async #forksOf(address: string): Promise<Fork[]> {
    const proofs = await Promise.all((await this.#store.forkProofs(address)).map(forkIn))
    return proofs.filter((fork) => fork !== null).toSorted((a, b) => a.version - b.version)
  }
}

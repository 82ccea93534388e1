/** A mirror's disk: what a crash leaves, and what it takes. */
import type { ReleaseInfo } from '@holdfast/release'
import { blocksOf } from './simulated-release.ts'
import type { SeededRandom } from './seeded-random.ts'

/** What the stores have of one archive. */
export interface StoredArchive {
  verified: ReleaseInfo | null
  served: ReleaseInfo | null
  pinned: ReleaseInfo[]
  /** Every release that was ever verified here, by version. */
  past: Map<number, ReleaseInfo>
  /** False once it was unfollowed, until what is left of it is gone. */
  isFollowed: boolean
}

export class SimulatedDisk {
  readonly archives = new Map<string, StoredArchive>()
  /** Whether there is no room for one more block. */
  isFull = false
  readonly #durable = new Set<string>()
  /** Written, but lost in a crash perhaps. */
  readonly #unflushed = new Set<string>()
  /** Fetches under way; gone after a crash. */
  readonly #holds = new Map<string, ReleaseInfo>()

  follow(address: string): StoredArchive {
    const archive = this.archives.get(address) ?? {
      verified: null,
      served: null,
      pinned: [],
      past: new Map<number, ReleaseInfo>(),
      isFollowed: true,
    }
    archive.isFollowed = true
    this.archives.set(address, archive)
    return archive
  }

  has(block: string): boolean {
    return this.#durable.has(block) || this.#unflushed.has(block)
  }

  /** @returns the blocks of a release that are not here */
  missingOf(release: ReleaseInfo): string[] {
    return blocksOf(release).filter((block) => !this.has(block))
  }

  put(block: string): void {
    if (!this.has(block)) this.#unflushed.add(block)
  }

  hold(release: ReleaseInfo): void {
    this.#holds.set(release.cid.toString(), release)
  }

  /** Durable first, then the pin. The release has to be whole. */
  pin(release: ReleaseInfo): void {
    for (const block of this.#unflushed) this.#durable.add(block)
    this.#unflushed.clear()
    this.unpin(release)
    this.archives.get(release.address)?.pinned.push(release)
  }

  unpin(release: ReleaseInfo): void {
    const archive = this.archives.get(release.address)
    if (archive) archive.pinned = archive.pinned.filter(({ cid }) => !cid.equals(release.cid))
    this.#holds.delete(release.cid.toString())
  }

  forget(address: string): void {
    this.archives.delete(address)
    for (const [cid, release] of this.#holds) if (release.address === address) this.#holds.delete(cid)
  }

  /** Sweeps what no pin and no hold covers. */
  collect(): void {
    const pinned = [...this.archives.values()].flatMap((archive) => archive.pinned)
    const live = new Set([...pinned, ...this.#holds.values()].flatMap(blocksOf))
    for (const blocks of [this.#durable, this.#unflushed]) {
      for (const block of blocks) if (!live.has(block)) blocks.delete(block)
    }
  }

  /**
   * What the world may rely on, whatever the machine believes: a head names a release that is pinned and would survive a crash.
   *
   * @throws Error that says what is missing
   */
  check(): void {
    for (const { served, pinned, isFollowed } of this.archives.values()) {
      if (served === null || !isFollowed) continue
      if (!pinned.some(({ cid }) => cid.equals(served.cid)))
        throw new Error(`release ${served.version} is served, not pinned`)
      if (!this.#isDurable(served)) throw new Error(`release ${served.version} is served and lacks blocks`)
    }
  }

  /** Some of what was not flushed is on the disk all the same. */
  crash(random: SeededRandom): void {
    for (const block of this.#unflushed) if (random.chance(0.5)) this.#durable.add(block)
    this.#unflushed.clear()
    this.#holds.clear()
  }

  /** Releases of which parts are kept for a fetch. */
  get held(): ReleaseInfo[] {
    return [...this.#holds.values()]
  }

  #isDurable(release: ReleaseInfo): boolean {
    return blocksOf(release).every((block) => this.#durable.has(block))
  }
}

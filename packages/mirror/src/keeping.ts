/**
 * What stays pinned and which release the head names. Both follow from the ledger's reports alone: the head moves only to
 * what was reported as pinned, and what it moved away from is unpinned only after the move was reported.
 */
import type { ReleaseInfo } from '@holdfast/release'
import { bestKept, isAdvance, isRevoked, isSame, newestFirst, type Archive, type Pause } from './archive.ts'
import { pauseAfter } from './backoff.ts'
import type { Errands } from './errands.ts'
import { isSlow, type Failure } from './failure.ts'

export class Keeping {
  readonly #errands: Errands
  readonly #keep: number
  readonly #random: () => number

  /** @param keep releases to keep, the served one among them */
  constructor(errands: Errands, keep: number, random: () => number) {
    this.#errands = errands
    this.#keep = keep
    this.#random = random
  }

  /** Moves the head if it can be moved, else unpins what is no longer to be kept. */
  proceed(archive: Archive): void {
    if (this.#errands.underWay('advanceHead', archive.address).length > 0) return
    const leaving = this.#leaving(archive)
    const best = bestKept(archive, leaving)
    if (best !== null && isAdvance(archive, best)) {
      if (archive.headPause.timer === null) this.#advance(best)
      return
    }
    if (archive.unpinPause.timer !== null) return
    for (const release of this.#dispensable(archive)) {
      if (!leaving.some((gone) => isSame(gone, release))) this.#unpin(release)
    }
  }

  pinned(archive: Archive, release: ReleaseInfo): void {
    archive.kept = newestFirst([release, ...archive.kept.filter((kept) => !isSame(kept, release))])
  }

  headAdvanced(archive: Archive, release: ReleaseInfo): void {
    // The ledger's copy may have newer words around the same content.
    archive.served = archive.kept.find((kept) => isSame(kept, release)) ?? release
    archive.headPause.failures = 0
    archive.preempted = 0
  }

  unpinned(archive: Archive, release: ReleaseInfo): void {
    archive.kept = archive.kept.filter((kept) => !isSame(kept, release))
    archive.leftovers = archive.leftovers.filter((leftover) => !isSame(leftover, release))
    archive.unpinPause.failures = 0
    // One sweep for all that left together.
    if (this.#leaving(archive).length === 0) this.#errands.emit({ type: 'gc' })
  }

  /** Head or unpin could not be stored: later again. */
  failed(archive: Archive, kind: 'head' | 'unpin', version: number, failure: Failure): void {
    const { address } = archive
    const pause = pauseOf(archive, kind)
    // Several that left together and failed together are one failure.
    if (pause.timer !== null) return
    pause.failures += 1
    const after = pauseAfter(pause.failures, isSlow(failure.code), this.#random)
    pause.timer = this.#errands.schedule({ kind, address }, after)
    if (pause.failures > 1) return
    const message =
      kind === 'head'
        ? `release ${version} is pinned but cannot be made the served one: ${failure.reason}`
        : `release ${version} is no longer needed but cannot be let go: ${failure.reason}`
    this.#errands.emit({ type: 'report', level: 'warning', address, version, code: 'not-stored', message })
  }

  /** The pause is over. */
  rang(archive: Archive, kind: 'head' | 'unpin'): void {
    pauseOf(archive, kind).timer = null
  }

  /** Ends the pauses of an archive that is forgotten. */
  stop(archive: Archive): void {
    for (const { timer } of [archive.headPause, archive.unpinPause]) {
      if (timer !== null) this.#errands.unschedule(timer)
    }
  }

  #leaving({ address }: Archive): ReleaseInfo[] {
    return this.#errands.underWay('unpin', address).map((job) => job.release)
  }

  #dispensable(archive: Archive): ReleaseInfo[] {
    const { served, kept, leftovers } = archive
    // While a revoked release is all there is to serve, nothing is settled.
    if (served === null || isRevoked(archive, served)) return leftovers
    const vouched = kept.filter((release) => !isRevoked(archive, release))
    const revoked = kept.filter((release) => isRevoked(archive, release))
    return [...vouched.slice(this.#keep), ...revoked, ...leftovers]
  }

  #advance(release: ReleaseInfo): void {
    const job = this.#errands.begin('advanceHead', release)
    this.#errands.emit({ type: 'advanceHead', release, job })
  }

  #unpin(release: ReleaseInfo): void {
    const job = this.#errands.begin('unpin', release)
    this.#errands.emit({ type: 'unpin', release, job })
  }
}

function pauseOf(archive: Archive, kind: 'head' | 'unpin'): Pause {
  return kind === 'head' ? archive.headPause : archive.unpinPause
}

/** Everything that anybody says of an archive comes in here, from whatever carrier: announcements, and proofs of forks. */
import type { Carrier } from '@holdfast/network'
import type { Input, PeerName } from '@holdfast/mirror'
import type { Announcement } from '@holdfast/release'
import type { Archive, ArchiveBook, Fork } from '../archives/archive-book.ts'
import { claimsFork, forkInWords } from '../archives/fork-in.ts'
import type { Submission } from '../gateway/context.ts'
import { releaseEvent, type Tell } from './told-events.ts'

export type Via = 'gossip' | 'http' | 'sync'

/** What the intake needs of the daemon. */
export interface IntakeHelp {
  book: ArchiveBook
  readonly tell: Tell
  readonly carrier: (peer: PeerName) => Carrier
  /** Hands what is new to other mirrors. */
  readonly publish: (address: string, bytes: Uint8Array) => Promise<void>
  readonly report: (input: Input) => void
}

export class Intake {
  readonly #help: IntakeHelp

  constructor(help: IntakeHelp) {
    this.#help = help
  }

  /**
   * Judges what came; what is accepted is stored durably before anything else is done with it.
   *
   * @param from the peer that handed it on, null for nobody who could be asked
   * @returns what became of it; gossip passes on by itself what is accepted
   */
  async take(address: string, said: Announcement | Uint8Array, from: PeerName | null, via: Via): Promise<Submission> {
    if (said instanceof Uint8Array && claimsFork(said)) return await this.#takeProof(address, said, via)
    const { book, carrier, publish, report, tell } = this.#help
    const before = book.find(address)
    const verdict = await book.submit(address, said, from === null ? null : carrier(from))
    if (verdict.outcome === 'reject') {
      if (verdict.code === 'fork') await this.#tellForks(address, before, true)
      tell({ event: 'rejected', address, code: verdict.code, reason: verdict.reason, from })
    }
    if (verdict.outcome !== 'accept') return verdict
    const { release, newRelease, warnings } = verdict
    if (newRelease) tell(releaseEvent('announced', release))
    for (const { code, message } of warnings) {
      tell({ event: 'warning', address, release: release.version, code, message })
    }
    const recovery = newRelease && (before?.verified?.version ?? 0) >= release.version
    report({ type: 'announced', release, newRelease, from, ...(recovery && { recovery }) })
    const passedOn = via === 'gossip' ? null : book.announcement(address)
    if (passedOn !== null) await publish(address, passedOn)
    return { outcome: 'accept', reason: '' }
  }

  async #takeProof(address: string, bytes: Uint8Array, via: Via): Promise<Submission> {
    const { book } = this.#help
    const before = book.find(address)
    const taken = await book.takeProof(address, bytes)
    if (taken === null) return { outcome: 'reject', code: 'bad-format', reason: 'this proves no fork of this archive' }
    if (!taken.isNew) return { outcome: 'ignore', code: 'known', reason: 'this fork is known' }
    await this.#tellForks(address, before, via !== 'gossip')
    return { outcome: 'accept', reason: '' }
  }

  /** Tells people, and other mirrors if asked to, of forks that were not known before. */
  async #tellForks(address: string, before: Archive | null, others: boolean): Promise<void> {
    const { book, publish, tell } = this.#help
    const isNew = ({ version }: Fork): boolean => before?.forks.every((known) => known.version !== version) ?? true
    for (const fork of book.find(address)?.forks.filter(isNew) ?? []) {
      tell({ event: 'warning', address, release: fork.version, code: 'fork', message: `${forkInWords(fork)}.` })
      if (others) await publish(address, fork.proof)
    }
  }
}

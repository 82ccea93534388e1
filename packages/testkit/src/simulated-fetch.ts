/** One fetch under way: asks its sources for what is missing until all is there or nobody gives more. */
import type { Effect, JobId } from '@holdfast/mirror'
import type { ReleaseInfo } from '@holdfast/release'
import type { SimulatedDisk } from './simulated-disk.ts'

/** Times in a row that a source may fail to answer. */
const PATIENCE = 2

/** Asks for some of these blocks; `heard` gets those that the peer gave, or null when it did not answer. */
type AskBlocks = (peer: string, blocks: string[], heard: (blocks: string[] | null) => void) => void

type Outcome = { type: 'fetched' } | { type: 'fetchFailed'; code: string; reason: string }

export class SimulatedFetch {
  readonly job: JobId
  readonly release: ReleaseInfo
  readonly #disk: SimulatedDisk
  readonly #ask: AskBlocks
  readonly #ended: (outcome: Outcome) => void
  /** Each with its failures in a row; the next to be asked first. */
  readonly #sources: Map<string, number>
  #isOver = false
  #isAsking = false

  constructor(
    { release, job, from }: Extract<Effect, { type: 'fetch' }>,
    { disk, ask, ended }: { disk: SimulatedDisk; ask: AskBlocks; ended: (outcome: Outcome) => void },
  ) {
    this.release = release
    this.job = job
    this.#disk = disk
    this.#ask = ask
    this.#ended = ended
    this.#sources = new Map(from.map((peer) => [peer, 0]))
    disk.hold(release)
  }

  addSource(peer: string): void {
    this.#sources.set(peer, 0)
    this.goOn()
  }

  cancel(): void {
    this.#isOver = true
  }

  goOn(): void {
    if (this.#isOver || this.#isAsking) return
    const missing = this.#disk.missingOf(this.release)
    const [next] = this.#sources
    if (missing.length === 0) return this.#end({ type: 'fetched' })
    if (next === undefined) return this.#end({ type: 'fetchFailed', code: 'unreachable', reason: 'nobody gives more' })
    const [peer, failures] = next
    this.#isAsking = true
    this.#ask(peer, missing, (blocks) => this.#heard(peer, failures, blocks))
  }

  #heard(peer: string, failures: number, blocks: string[] | null): void {
    this.#isAsking = false
    if (this.#isOver) return
    this.#sources.delete(peer)
    if (blocks === null && failures + 1 < PATIENCE) this.#sources.set(peer, failures + 1)
    // Who gives something may have more; who gives nothing has nothing.
    if (blocks !== null && blocks.length > 0) this.#sources.set(peer, 0)
    const isFull = this.#disk.isFull && (blocks?.length ?? 0) > 0
    if (isFull) return this.#end({ type: 'fetchFailed', code: 'disk-full', reason: 'no room for one more block' })
    for (const block of blocks ?? []) this.#disk.put(block)
    this.goOn()
  }

  #end(outcome: Outcome): void {
    this.#isOver = true
    this.#ended(outcome)
  }
}

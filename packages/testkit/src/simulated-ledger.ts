/** What a mirror writes durably: one entry after the other, each taking its time; a crash comes between any two of them. */
import type { ManualClock } from './manual-clock.ts'
import type { SeededRandom } from './seeded-random.ts'

/** Milliseconds for one entry. */
export const LEDGER_DELAY = { low: 5, high: 300 }
/** Chance that the entry being written when the program was killed is on the disk. */
const WRITTEN_AT_CRASH = 0.5

interface Entry {
  write: () => void
  report: () => void
}

export class SimulatedLedger {
  readonly #clock: ManualClock
  readonly #random: SeededRandom
  /** The first is being written. */
  #entries: Entry[] = []

  constructor(clock: ManualClock, random: SeededRandom) {
    this.#clock = clock
    this.#random = random
  }

  /** @param report called once it is written; never after a crash */
  add(write: () => void, report: () => void = () => {}): void {
    const entry = { write, report }
    this.#entries.push(entry)
    if (this.#entries.length === 1) this.#writeNext(entry)
  }

  crash(): void {
    if (this.#random.chance(WRITTEN_AT_CRASH)) this.#entries[0]?.write()
    this.#entries = []
  }

  #writeNext(entry: Entry): void {
    this.#clock.after(this.#random.between(LEDGER_DELAY.low, LEDGER_DELAY.high), () => {
      if (this.#entries[0] !== entry) return
      entry.write()
      this.#entries.shift()
      const [next] = this.#entries
      if (next) this.#writeNext(next)
      entry.report()
    })
  }
}

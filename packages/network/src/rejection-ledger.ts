import { REJECTION_HALF_LIFE_MS, REMEMBERED_REJECTERS } from './limits.ts'

/** How many rejected announcements each peer sent lately; half of them is forgotten each REJECTION_HALF_LIFE_MS. */
export class RejectionLedger {
  readonly #entries = new Map<string, { count: number; at: number }>()
  readonly #now: () => number

  /** @param now milliseconds, never going back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  add(peer: string): void {
    const count = this.of(peer) + 1
    // Set anew, the entry moves to the end: the oldest is the first.
    this.#entries.delete(peer)
    this.#entries.set(peer, { count, at: this.#now() })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > REMEMBERED_REJECTERS && oldest !== undefined) this.#entries.delete(oldest)
  }

  of(peer: string): number {
    const entry = this.#entries.get(peer)
    return entry === undefined ? 0 : entry.count * 0.5 ** ((this.#now() - entry.at) / REJECTION_HALF_LIFE_MS)
  }
}

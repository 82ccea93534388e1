/** Chance that a seed decides on alone. */
export class SeededRandom {
  #state: number

  /** @param seed any integer */
  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 on, below 1 (mulberry32). */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** @returns a number from `low` on, below `high` */
  between(low: number, high: number): number {
    return low + (high - low) * this.next()
  }

  /** @returns a whole number from `low` to `high`, both included */
  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1))
  }

  /** @param probability from 0 to 1 */
  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** @returns one of them; undefined when there is none */
  pick<T>(things: readonly T[]): T | undefined {
    return things[Math.floor(this.next() * things.length)]
  }
}

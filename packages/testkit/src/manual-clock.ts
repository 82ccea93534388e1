/** Time that only moves when a test says so, and what is due at its moments. */

interface Due {
  at: number
  /** Things due at one moment run in the order in which they were asked for. */
  order: number
  /** Null once it was called off. */
  run: (() => void) | null
}

export class ManualClock {
  #now: number
  #asked = 0
  /** A binary heap, the next on top. */
  readonly #heap: Due[] = []

  /** @param start milliseconds */
  constructor(start = 0) {
    this.#now = start
  }

  /** Milliseconds. */
  get now(): number {
    return this.#now
  }

  /**
   * @param delay milliseconds from now
   * @returns a function that calls it off
   */
  after(delay: number, run: () => void): () => void {
    const due: Due = { at: this.#now + Math.max(0, delay), order: this.#asked, run }
    this.#asked += 1
    this.#heap.push(due)
    this.#rise(this.#heap.length - 1)
    return () => {
      due.run = null
    }
  }

  /** Moves to the next thing due and does it. @returns false when nothing is left */
  step(): boolean {
    const due = this.#take()
    if (due === null) return false
    this.#now = due.at
    due.run?.()
    return true
  }

  /** Does everything due until then, and stands there. @param ms milliseconds */
  advance(ms: number): void {
    const end = this.#now + ms
    while ((this.#peek()?.at ?? Infinity) <= end) this.step()
    this.#now = end
  }

  /**
   * Moves on until something is true.
   *
   * @param within milliseconds
   * @returns milliseconds that it took; null when the time was over first
   */
  until(isTrue: () => boolean, within: number): number | null {
    const start = this.#now
    while (!isTrue()) {
      if ((this.#peek()?.at ?? Infinity) > start + within) return null
      this.step()
    }
    return this.#now - start
  }

  /** The next thing due that was not called off, left in its place. */
  #peek(): Due | null {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (top.run !== null) return top
      this.#removeTop()
    }
    return null
  }

  #take(): Due | null {
    const top = this.#peek()
    if (top !== null) this.#removeTop()
    return top
  }

  #removeTop(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #rise(from: number): void {
    for (let child = from; child > 0;) {
      const parent = (child - 1) >> 1
      if (!this.#swapIfLater(parent, child)) return
      child = parent
    }
  }

  #sink(from: number): void {
    for (let parent = from; ;) {
      const left = 2 * parent + 1
      const isRightSooner = this.#isLater(left, left + 1)
      const child = isRightSooner ? left + 1 : left
      if (!this.#swapIfLater(parent, child)) return
      parent = child
    }
  }

  #swapIfLater(parent: number, child: number): boolean {
    const [a, b] = [this.#heap[parent], this.#heap[child]]
    if (a === undefined || b === undefined || !this.#isLater(parent, child)) return false
    this.#heap[parent] = b
    this.#heap[child] = a
    return true
  }

  #isLater(first: number, second: number): boolean {
    const [a, b] = [this.#heap[first], this.#heap[second]]
    if (a === undefined || b === undefined) return false
    return a.at > b.at || (a.at === b.at && a.order > b.order)
  }
}

/** Timers by name, as a performer of effects keeps them. */
export class NamedTimers {
  readonly #clock: ManualClock
  readonly #running = new Map<string, () => void>()

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  /** @param after milliseconds */
  set(name: string, after: number, ring: () => void): void {
    const rung = (): void => {
      this.#running.delete(name)
      ring()
    }
    this.#running.set(name, this.#clock.after(after, rung))
  }

  clear(name: string): void {
    this.#running.get(name)?.()
    this.#running.delete(name)
  }

  clearAll(): void {
    for (const name of this.#running.keys()) this.clear(name)
  }
}

/** One piece of work after the other for each key; different keys do not wait for each other. */
export class KeyedQueue {
  readonly #last = new Map<string, Promise<unknown>>()

  /** @returns what the work returns, or rejects as it does; a failure does not keep those who come after */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const result = (this.#last.get(key) ?? Promise.resolve()).then(work)
    const settled = result.catch(() => undefined)
    this.#last.set(key, settled)
    try {
      return await result
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key)
    }
  }

  /** Resolves when everything that was asked for so far, for one key or for all, is done. */
  async settled(key?: string): Promise<void> {
    await (key === undefined ? Promise.all(this.#last.values()) : this.#last.get(key))
  }
}

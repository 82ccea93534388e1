/** Timers by name, so that the machine can move and take back what it asked for. */
export class Timers {
  readonly #fire: (id: string) => void
  readonly #running = new Map<string, NodeJS.Timeout>()

  constructor(fire: (id: string) => void) {
    this.#fire = fire
  }

  /** @param after milliseconds; an earlier timer of the same name is dropped */
  set(id: string, after: number): void {
    this.clear(id)
    this.#running.set(
      id,
      setTimeout(() => {
        this.#running.delete(id)
        this.#fire(id)
      }, after),
    )
  }

  clear(id: string): void {
    clearTimeout(this.#running.get(id))
    this.#running.delete(id)
  }

  stop(): void {
    for (const id of this.#running.keys()) this.clear(id)
  }
}

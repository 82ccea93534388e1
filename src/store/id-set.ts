/** A growing set of small whole numbers, one bit each: a million block ids take 125 kB. */
export class IdSet {
  #bits = new Uint8Array(1024)

  has(id: number): boolean {
    return ((this.#bits[id >>> 3] ?? 0) & (1 << (id & 7))) !== 0
  }

  /** @returns whether it was not in yet */
  add(id: number): boolean {
    const at = id >>> 3
    if (at >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(at + 1, this.#bits.length * 2))
      grown.set(this.#bits)
      this.#bits = grown
    }
    const bit = 1 << (id & 7)
    const before = this.#bits[at] ?? 0
    this.#bits[at] = before | bit
    return (before & bit) === 0
  }
}

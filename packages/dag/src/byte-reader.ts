/**
 * Hands out a stream in pieces of wanted length, holding little more than one of them. It is the `BytesReader` of @ipld/car.
 */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>
  /** Taken from the source and not yet handed out begins at `#at`. */
  #buffer: Uint8Array = new Uint8Array(0)
  #at = 0
  #position = 0
  /** Most bytes that may be asked for at once. */
  limit: number
  /** What the source threw, in order to tell it from bad bytes. */
  sourceError: { error: unknown } | null = null

  constructor(source: AsyncIterable<Uint8Array>, limit: number) {
    this.#source = source[Symbol.asyncIterator]()
    this.limit = limit
  }

  /** Bytes handed out so far. */
  get pos(): number {
    return this.#position
  }

  /** The next bytes, without taking them; fewer when the stream ends. */
  async upTo(length: number): Promise<Uint8Array> {
    await this.#fill(length)
    return this.#buffer.subarray(this.#at, this.#at + length)
  }

  /** @throws RangeError when the stream ends before, or the limit is passed */
  async exactly(length: number, take = false): Promise<Uint8Array> {
    if (length > this.limit)
      throw new RangeError(`${length} bytes in one piece, more than the ${this.limit} that are allowed`)
    const bytes = await this.upTo(length)
    if (bytes.byteLength < length) throw new RangeError('it ends too early')
    if (take) this.seek(length)
    return bytes
  }

  /** Takes bytes that were looked at. */
  seek(length: number): void {
    this.#at += length
    this.#position += length
  }

  /** Tells the source that nothing more is wanted. */
  async end(): Promise<void> {
    await this.#source.return?.()
  }

  async #fill(length: number): Promise<void> {
    let have = this.#buffer.byteLength - this.#at
    if (have >= length) return
    const parts = [this.#buffer.subarray(this.#at)]
    while (have < length) {
      const next = await this.#next()
      if (next === null) break
      parts.push(next)
      have += next.byteLength
    }
    this.#buffer = concat(parts, have)
    this.#at = 0
  }

  async #next(): Promise<Uint8Array | null> {
    try {
      const next = await this.#source.next()
      return next.done === true ? null : next.value
    } catch (error) {
      this.sourceError = { error }
      throw error
    }
  }
}

function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}

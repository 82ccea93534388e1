/** The little of dag-cbor that our fixed formats are made of, in its one canonical spelling (RFC 8949, 4.2.1). */

/** Major types (RFC 8949, 3.1) that occur. */
const UNSIGNED = 0
const BYTES = 2
const TEXT = 3
const ARRAY = 4
const MAP = 5

/** How many bytes an argument may take; longer ones say more than any limit of ours allows. */
const LONGEST_ARGUMENT = 4

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Thrown by the reader alone: the bytes are something else. */
export class OtherBytes extends Error {}

/**
 * Reads a value whose shape the caller knows, front to back, in time and memory that follow from what it asks for: hostile
 * nesting and counts are never entered. What it takes is canonical, so nothing needs to be encoded again for comparison.
 * Each method throws OtherBytes when something else comes.
 */
export class CborReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The beginning of a map of that many entries. */
  map(entries: number): void {
    if (this.#argument(MAP) !== entries) throw new OtherBytes()
  }

  /** Exactly this text, such as a map's key. */
  text(expected: string): void {
    const bytes = utf8.encode(expected)
    if (this.#argument(TEXT) !== bytes.length) throw new OtherBytes()
    for (const byte of bytes) if (this.#byte() !== byte) throw new OtherBytes()
  }

  /** Exactly this number. */
  unsigned(expected: number): void {
    if (this.#argument(UNSIGNED) !== expected) throw new OtherBytes()
  }

  /** @returns a number of at least 0 */
  anyUnsigned(): number {
    return this.#argument(UNSIGNED)
  }

  /** @param maxBytes of its UTF-8 @returns a text */
  anyText(maxBytes: number): string {
    const length = this.#argument(TEXT)
    if (length > maxBytes) throw new OtherBytes()
    try {
      return strictUtf8.decode(this.#take(length))
    } catch (error) {
      throw error instanceof OtherBytes ? error : new OtherBytes()
    }
  }

  /** @param item reads one @returns all items of a list */
  list<T>(maxItems: number, item: () => T): T[] {
    const count = this.#argument(ARRAY)
    // Each takes a byte at least: a count that lies ends here.
    if (count > Math.min(maxItems, this.#bytes.length - this.#at)) throw new OtherBytes()
    return Array.from({ length: count }, item)
  }

  /** @returns byte strings, copied */
  listOfBytes(): Uint8Array[] {
    return this.list(Infinity, () => this.bytes())
  }

  /** @returns a byte string, copied */
  bytes(): Uint8Array {
    return new Uint8Array(this.#take(this.#argument(BYTES)))
  }

  /** Nothing may follow. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new OtherBytes()
  }

  #argument(major: number): number {
    const first = this.#byte()
    if (first >> 5 !== major) throw new OtherBytes()
    const short = first & 31
    if (short < 24) return short
    const size = 1 << (short - 24)
    if (size > LONGEST_ARGUMENT) throw new OtherBytes()
    let value = 0
    for (let i = 0; i < size; i++) value = value * 256 + this.#byte()
    // One spelling only: the shortest (RFC 8949, 4.2.1).
    const least = size === 1 ? 24 : 2 ** (4 * size)
    if (value < least) throw new OtherBytes()
    return value
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new OtherBytes()
    const part = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return part
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new OtherBytes()
    return byte
  }
}

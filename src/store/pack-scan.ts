/** Reads a pack from one end to the other without the index: what the index is rebuilt from. */
import { SCAN_BUFFER_BYTES } from './limits.ts'
import type { PackFiles } from './pack-files.ts'
import { DIGEST_BYTES, MAX_HEADER_BYTES, parseHeader, type SectionHeader } from './section.ts'
import { sha256 } from './sha256.ts'

/** A stretch of a pack: a section whose bytes fit its hash, or bytes that are nothing of the kind. */
export type Stretch =
  | { sound: true; offset: number; end: number; digest: Uint8Array; codec: number; size: number }
  | { sound: false; offset: number; end: number }

/** Bytes of a CID before its digest as we write them: version, codec (raw, dag-pb), sha2-256, length. */
const CID_STARTS = [Buffer.of(0x01, 0x55, 0x12, 0x20), Buffer.of(0x01, 0x70, 0x12, 0x20)]
/** Bytes of a length, as a varint, before the CID. */
const MAX_LENGTH_BYTES = 4

/**
 * After bytes that are no section, the next sound one is searched for, so one damaged length costs one block.
 *
 * @param from where a section begins
 * @param to the end of the pack
 * @returns the stretches in order, without gaps
 */
export function* scanPack(files: PackFiles, pack: number, from: number, to: number): Generator<Stretch> {
  const window = new PackWindow(files, pack, to)
  let at = from
  while (at < to) {
    const section = soundSectionAt(window, at)
    if (section !== null) {
      yield section
      at = section.end
      continue
    }
    const next = nextSection(window, at + 1)
    yield { sound: false, offset: at, end: next }
    at = next
  }
}

/** The part of a pack that was read last. */
class PackWindow {
  readonly end: number
  readonly #files: PackFiles
  readonly #pack: number
  readonly #buffer = Buffer.allocUnsafeSlow(SCAN_BUFFER_BYTES)
  #from = 0
  #length = 0

  constructor(files: PackFiles, pack: number, end: number) {
    this.#files = files
    this.#pack = pack
    this.end = end
  }

  /** @returns bytes from that place on, fewer only at the end of the pack; good until the next call */
  read(at: number, length: number): Buffer {
    const wanted = Math.max(0, Math.min(length, this.end - at))
    if (at < this.#from || at + wanted > this.#from + this.#length) {
      this.#length = this.#files.read(
        this.#pack,
        at,
        this.#buffer.subarray(0, Math.min(this.#buffer.length, this.end - at)),
      )
      this.#from = at
    }
    return this.#buffer.subarray(at - this.#from, Math.min(at - this.#from + wanted, this.#length))
  }
}

function soundSectionAt(window: PackWindow, at: number): (Stretch & { sound: true }) | null {
  const header = parseHeader(window.read(at, MAX_HEADER_BYTES), 0)
  return header !== null && fitsItsHash(window, at, header) ? sectionOf(header, at) : null
}

function sectionOf({ digest, codec, size, length }: SectionHeader, offset: number): Stretch & { sound: true } {
  return { sound: true, offset, end: offset + length + size, digest, codec, size }
}

function fitsItsHash(window: PackWindow, at: number, { digest, size, length }: SectionHeader): boolean {
  const section = window.read(at, length + size)
  return section.length === length + size && Buffer.compare(sha256(section.subarray(length)), digest) === 0
}

/** @returns where the next sound section begins, or the end of the pack */
function nextSection(window: PackWindow, from: number): number {
  const overlap = MAX_LENGTH_BYTES + MAX_HEADER_BYTES
  for (let at = from; at < window.end; at += SCAN_BUFFER_BYTES - overlap) {
    for (const cidAt of placesOfCids(window.read(at, SCAN_BUFFER_BYTES), at)) {
      for (let lengthBytes = 1; lengthBytes <= MAX_LENGTH_BYTES; lengthBytes++) {
        const start = cidAt - lengthBytes
        if (start >= from && soundSectionAt(window, start) !== null) return start
      }
    }
  }
  return window.end
}

function placesOfCids(bytes: Buffer, offset: number): number[] {
  const places: number[] = []
  for (const start of CID_STARTS) {
    for (let i = bytes.indexOf(start); i !== -1; i = bytes.indexOf(start, i + 1)) {
      if (i + start.length + DIGEST_BYTES <= bytes.length) places.push(offset + i)
    }
  }
  return places.toSorted((a, b) => a - b)
}

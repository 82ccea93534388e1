/**
 * Which blocks of a release's manifest somebody holds, as bits in the manifest's order (docs/protocol.md, "Parts"). Mirrors that
 * fetch the same release tell each other, so that each block leaves the maintainer about once.
 */
import { readManifest, type BlockReader } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import { MAX_PARTS } from '../limits.ts'

/** The blocks of one manifest, by number. */
export class PartList {
  readonly #numbers = new Map<string, number>()
  readonly #cids: CID[] = []

  /** @returns null for a manifest that is damaged, not there, or lists more than MAX_PARTS: then nobody tells parts */
  static async read(manifest: CID, reader: BlockReader): Promise<PartList | null> {
    const list = new PartList()
    try {
      for await (const { cid } of readManifest(manifest, reader, { maxBlocks: MAX_PARTS })) list.#add(cid)
    } catch {
      return null // The fetch itself finds out what is wrong with it.
    }
    return list
  }

  get size(): number {
    return this.#numbers.size
  }

  /** @param key CID in base32 @returns undefined for a block that is not listed */
  numberOf(key: string): number | undefined {
    return this.#numbers.get(key)
  }

  /** In the order of their numbers. */
  cids(): readonly CID[] {
    return this.#cids
  }

  #add(cid: CID): void {
    const key = cid.toString()
    if (this.#numbers.has(key)) return
    this.#numbers.set(key, this.#cids.length)
    this.#cids.push(cid)
  }
}

/** What somebody holds, and what of the rest is on its way from a source that holds everything. */
export interface Parts {
  held: Uint8Array
  asked: Uint8Array
}

/** @returns bits that are all off, for so many parts */
export function emptyBits(size: number): Uint8Array {
  return new Uint8Array(Math.ceil(size / 8))
}

export function hasBit(bits: Uint8Array, at: number): boolean {
  return ((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0
}

export function setBit(bits: Uint8Array, at: number): void {
  bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7))
}

/** @returns held, then asked */
export function encodeParts({ held, asked }: Parts): Uint8Array {
  const bytes = new Uint8Array(held.length + asked.length)
  bytes.set(held)
  bytes.set(asked, held.length)
  return bytes
}

/** @param size number of parts @returns null for bytes of another length */
export function decodeParts(bytes: Uint8Array, size: number): Parts | null {
  const length = Math.ceil(size / 8)
  return bytes.length === 2 * length ? { held: bytes.slice(0, length), asked: bytes.slice(length) } : null
}

/**
 * Files of a folder in a compact list, in the order of a walk: what a scan keeps in memory (some 70 bytes a file), and what
 * the next publication finds of this one (imported-files.ts).
 */
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'

/** What a file system says of a file without reading it. */
export interface FileStat {
  /** Bytes. */
  size: number
  /** Nanoseconds since 1970: of its content, and of anything about it. */
  mtimeNs: bigint
  ctimeNs: bigint
  inode: bigint
}

export interface FileRecord {
  /** From the folder on, with `/`. */
  path: string
  /** null for an empty folder. */
  stat: FileStat | null
  /** Its UnixFS node, where it was imported: as ImportedFile of packages/dag. */
  imported: { cid: CID; tsize: number } | null
}

const SHA2_256 = 0x12
const EMPTY_FOLDER = 0
const FILE = 1
const IMPORTED = 2

/** u16 length of the path, u8 kind. */
const HEAD_BYTES = 3
const STAT_BYTES = 32
const NODE_BYTES = 1 + 32 + 8
const FIRST_BYTES = 64 * 1024

/** Appends records to one growing buffer. */
export class FileRecordList {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES)
  #length = 0

  add({ path, stat, imported }: FileRecord): void {
    const name = Buffer.from(path)
    this.#reserve(HEAD_BYTES + name.length + STAT_BYTES + NODE_BYTES)
    const bytes = this.#bytes
    let at = bytes.writeUInt16LE(name.length, this.#length)
    at = bytes.writeUInt8(stat === null ? EMPTY_FOLDER : imported === null ? FILE : IMPORTED, at)
    at += name.copy(bytes, at)
    if (stat !== null) {
      at = bytes.writeDoubleLE(stat.size, at)
      at = bytes.writeBigInt64LE(stat.mtimeNs, at)
      at = bytes.writeBigInt64LE(stat.ctimeNs, at)
      at = bytes.writeBigUInt64LE(stat.inode, at)
    }
    if (stat !== null && imported !== null) {
      at = bytes.writeUInt8(imported.cid.code, at)
      bytes.set(imported.cid.multihash.digest, at)
      at = bytes.writeDoubleLE(imported.tsize, at + 32)
    }
    this.#length = at
  }

  /** @returns a view, good until the next `add` */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + more))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

/**
 * @param bytes of a list
 * @returns its records one by one
 * @throws RangeError where they are no list
 */
export function* readRecords(bytes: Uint8Array): Generator<FileRecord, void> {
  const list = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < list.length;) {
    const length = list.readUInt16LE(at)
    const kind = list.readUInt8(at + 2)
    at += HEAD_BYTES
    const path = list.toString('utf8', at, at + length)
    at += length
    if (kind === EMPTY_FOLDER) {
      yield { path, stat: null, imported: null }
      continue
    }
    const stat = {
      size: list.readDoubleLE(at),
      mtimeNs: list.readBigInt64LE(at + 8),
      ctimeNs: list.readBigInt64LE(at + 16),
      inode: list.readBigUInt64LE(at + 24),
    }
    at += STAT_BYTES
    yield { path, stat, imported: kind === IMPORTED ? nodeAt(list, at) : null }
    if (kind === IMPORTED) at += NODE_BYTES
  }
}

function nodeAt(list: Buffer, at: number): { cid: CID; tsize: number } {
  const digest = new Uint8Array(list.subarray(at + 1, at + 33))
  return { cid: CID.createV1(list.readUInt8(at), createDigest(SHA2_256, digest)), tsize: list.readDoubleLE(at + 33) }
}

/** @returns below 0, 0 or above, as `one` comes before, with or after `other` in a walk by the bytes of names */
export function compareInWalk(one: string, other: string): number {
  // No name holds a zero, so a folder's content comes right after its name, before longer names.
  return Buffer.compare(Buffer.from(one.replaceAll('/', '\0')), Buffer.from(other.replaceAll('/', '\0')))
}

/**
 * What the files of the last publication gave, so that the next one reads only those that changed. A hint that is checked:
 * it counts only while the store keeps the release that it was made of, and for files of which size, inode and both times
 * are the same to the nanosecond. `publish --rehash` reads everything.
 */
import { readFileSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ImportedFile } from '@holdfast/dag'
import { CID } from 'multiformats/cid'
import { makeFolder, writeFileAtomic } from '../store/atomic-file.ts'
import { sha256 } from '../store/sha256.ts'
import { SAME_TICK_NS } from '../limits.ts'
import { compareInWalk, FileRecordList, readRecords, type FileRecord, type FileStat } from './file-records.ts'
import type { FolderEntry } from './source-folder.ts'

/** First line, root CID (36 bytes), SHA-256 of the records, records. */
const FIRST_LINE = Buffer.from('holdfast-imported 1\n')
const CID_BYTES = 36
const HASH_BYTES = 32
const HEAD_BYTES = FIRST_LINE.length + CID_BYTES + HASH_BYTES

/** The files of one tree that was imported, and what each gave. */
export interface ImportedList {
  root: CID
  records: Uint8Array
}

/** @returns null where there is none, or it is damaged: it is only ever a shortcut */
export function loadImported(file: string): ImportedList | null {
  try {
    const bytes = readFileSync(file)
    const records = bytes.subarray(HEAD_BYTES)
    const sound =
      bytes.subarray(0, FIRST_LINE.length).equals(FIRST_LINE) &&
      bytes.subarray(HEAD_BYTES - HASH_BYTES, HEAD_BYTES).equals(sha256(records))
    if (!sound) return null
    return {
      root: CID.decode(new Uint8Array(bytes.subarray(FIRST_LINE.length, FIRST_LINE.length + CID_BYTES))),
      records,
    }
  } catch {
    return null
  }
}

/** Readable by its owner alone: it holds the names of files and when somebody worked on them. @throws StoreError */
export function saveImported(file: string, { root, records }: ImportedList): void {
  makeFolder(dirname(file))
  writeFileAtomic(file, Buffer.concat([FIRST_LINE, root.bytes, sha256(records), records]), { mode: 0o600 })
}

/** Forgets it. */
export function dropImported(file: string): void {
  rmSync(file, { force: true })
}

/** Passes the entries on, those that are known with what they gave. @param known null when nothing is */
export async function* withImported(
  entries: AsyncIterable<FolderEntry>,
  known: ImportedList | null,
): AsyncGenerator<FolderEntry> {
  const records = readRecords(known?.records ?? new Uint8Array())
  let next = following(records)
  for await (const entry of entries) {
    // Both lists are in the order of a walk.
    while (next !== null && next.path !== entry.path && compareInWalk(next.path, entry.path) < 0)
      next = following(records)
    if (entry.type === 'directory' || next?.path !== entry.path) yield entry
    else yield { ...entry, imported: sameFile(next, entry.stat) }
  }
}

/** Collects what an import gave for the next one. */
export class ImportedFiles {
  readonly #list = new FileRecordList()
  readonly #settledNs: bigint

  /** @param beganMs when the folder was looked at, milliseconds since 1970 by the clock that files are dated with */
  constructor(beganMs: number) {
    this.#settledNs = BigInt(Math.floor(beganMs)) * 1_000_000n - SAME_TICK_NS
  }

  /** Passes entries on to the importer, and learns from it what each file gave. */
  async *watching(entries: AsyncIterable<FolderEntry>): AsyncGenerator<FolderEntry> {
    for await (const entry of entries) {
      if (entry.type === 'directory' || !this.#isSettled(entry.stat)) yield entry
      else {
        const { path, stat } = entry
        yield { ...entry, onImported: (imported) => this.#list.add({ path, stat, imported }) }
      }
    }
  }

  /** A file that was changed just now may be changed once more under the same time. */
  #isSettled({ mtimeNs, ctimeNs }: FileStat): boolean {
    return mtimeNs < this.#settledNs && ctimeNs < this.#settledNs
  }

  get records(): Uint8Array {
    return this.#list.bytes
  }
}

function following(records: Generator<FileRecord, void>): FileRecord | null {
  const { value } = records.next()
  return value ?? null
}

function sameFile({ stat: before, imported }: FileRecord, now: FileStat): ImportedFile | undefined {
  const same =
    before !== null &&
    before.size === now.size &&
    before.mtimeNs === now.mtimeNs &&
    before.ctimeNs === now.ctimeNs &&
    before.inode === now.inode
  return same && imported !== null ? { ...imported, size: now.size } : undefined
}

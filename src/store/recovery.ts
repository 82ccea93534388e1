/** Brings index and packs into agreement when a store is opened for writing: after a crash, a power cut, a lost index. */
import { existsSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { syncFile, syncFolder } from './atomic-file.ts'
import { BlockIndex, type IndexedBlock } from './block-index.ts'
import { StoreError } from './errors.ts'
import type { PackFiles } from './pack-files.ts'
import { scanPack } from './pack-scan.ts'
import { restorePins } from './pin-ledger.ts'
import { headerLength, PACK_HEADER } from './section.ts'

/** What was found and done. All zero and false after an orderly end. */
export interface Recovery {
  /** The index was gone or damaged, and was made anew from the packs. */
  rebuilt: boolean
  /** Blocks that were in a pack but not in the index, and are now. */
  reindexed: number
  /** Bytes after the last flush that were no whole block, cut off. */
  cutBytes: number
  /** Durable blocks that the disk has lost: a pack is gone or shorter than it was. They are to be fetched again. */
  lost: number
}

/** Rows recorded in one transaction while a pack is scanned. */
const ROWS_AT_ONCE = 8192

/** Files that belong to an index. */
const PARTS = ['', '-wal', '-shm']

/** SQLite's word for a file that is not there, as for any that cannot be opened. */
const SQLITE_CANTOPEN = 14

/** @throws StoreError 'no-store' when there is none, 'damaged', 'newer-format', 'io' */
export function openIndexForReading(file: string): BlockIndex {
  try {
    return new BlockIndex(file, true)
  } catch (error) {
    const { errcode } = ((error as StoreError).cause ?? {}) as { errcode?: number }
    if (errcode !== SQLITE_CANTOPEN) throw error
    throw new StoreError('no-store', `there is no store at ${file}`, { cause: error })
  }
}

/** A damaged index is put aside for whoever wants to look, and a new one made. @throws StoreError 'newer-format', 'disk-full', 'io' */
export function openIndexForWriting(file: string): BlockIndex {
  try {
    return new BlockIndex(file, false)
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'damaged') throw error
    setAside(file)
    return new BlockIndex(file, false)
  }
}

function setAside(file: string): void {
  for (const part of PARTS) {
    const aside = `${file}.damaged${part}`
    rmSync(aside, { force: true })
    if (existsSync(file + part)) renameSync(file + part, aside)
  }
}

/**
 * @returns what was done, and the pack that may be continued: the last one, if it is sound to its end
 * @throws StoreError 'damaged' for a copy of the pins that cannot be read, 'disk-full', 'io'
 */
export function recover(
  index: BlockIndex,
  files: PackFiles,
  folder: string,
): { recovery: Recovery; reopen: { pack: number; size: number } | null } {
  const recovery: Recovery = { rebuilt: false, reindexed: 0, cutBytes: 0, lost: 0 }
  const present = new Map(files.list().map(({ pack, size }) => [pack, size]))
  recovery.rebuilt = index.counter('unfilled') === 1 && present.size > 0
  syncFolder(files.folder)
  const known = new Map(index.packs().map((row) => [row.pack, row]))
  for (const row of known.values()) {
    const size = present.get(row.pack) ?? 0
    if (size < row.indexedTo) recovery.lost += forgetBeyond(index, row.pack, size)
  }
  let reopen: { pack: number; size: number } | null = null
  for (const [pack, size] of present) {
    const indexedTo = known.get(pack)?.indexedTo ?? 0
    if (size < PACK_HEADER.length) {
      // Its maker died before the first write; nothing can be in it.
      files.remove(pack)
      index.dropPack(pack)
      reopen = null
      continue
    }
    const sound = size >= indexedTo && recoverTail(index, files, { pack, size, indexedTo }, recovery)
    reopen = sound ? { pack, size: files.sizeOf(pack) } : null
  }
  const [highest = 0] = [...present.keys(), ...known.keys()].toSorted((a, b) => b - a)
  if (highest > index.counter('lastPack')) index.transaction(() => index.setCounter('lastPack', highest))
  if (reopen !== null && reopen.pack !== index.counter('lastPack')) reopen = null
  // The pins come before the index counts as filled: a crash in between must not leave one that knows of none.
  if (recovery.rebuilt) restorePins(index, folder)
  if (index.counter('unfilled') === 1) index.transaction(() => index.setCounter('unfilled', 0))
  return { recovery, reopen }
}

/** @returns whether the pack may be continued */
function recoverTail(
  index: BlockIndex,
  files: PackFiles,
  { pack, size, indexedTo }: { pack: number; size: number; indexedTo: number },
  recovery: Recovery,
): boolean {
  if (size === indexedTo) return true
  // What a killed process wrote may be in the system's memory alone, and is about to be recorded as durable.
  syncFile(files.pathOf(pack))
  let rows: IndexedBlock[] = []
  let end = Math.max(indexedTo, PACK_HEADER.length)
  let sound = true
  const record = (): void => {
    index.transaction(() => {
      recovery.reindexed += index.insert(rows)
      index.setIndexedTo(pack, end)
      index.setCounter('nextId', index.counter('nextId') + rows.length)
    })
    rows = []
  }
  for (const stretch of scanPack(files, pack, end, size)) {
    if (stretch.sound) {
      const { digest, codec, offset, size: bytes } = stretch
      rows.push({ digest, codec, pack, offset, size: bytes, id: index.counter('nextId') + rows.length })
      if (sound) end = stretch.end
    } else if (!recovery.rebuilt || stretch.end === size) {
      // Past the last flush nothing was promised, so it ends at the first thing that is no block.
      truncateSync(files.pathOf(pack), stretch.offset)
      recovery.cutBytes += size - stretch.offset
      break
    } else {
      // All of this may have been promised once: keep what is sound, and the rest for whoever can read it.
      sound = false
    }
    if (rows.length >= ROWS_AT_ONCE) record()
  }
  if (!sound) end = size
  record()
  return sound
}

/** @returns how many live blocks lay beyond the pack's present end */
function forgetBeyond(index: BlockIndex, pack: number, size: number): number {
  const count = index.transaction(() => {
    const lost = index.blocksOf(pack).filter((block) => endOf(block) > size)
    index.remove(lost)
    return lost.length
  })
  if (size === 0) index.dropPack(pack)
  return count
}

function endOf({ offset, codec, size }: IndexedBlock): number {
  return offset + headerLength(codec, size) + size
}

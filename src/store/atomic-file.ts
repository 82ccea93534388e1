/** Files that appear whole or not at all: temporary file, fsync, rename, fsync of the folder. */
import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { failedWith, storeErrorFrom } from './errors.ts'

interface AtomicWrite {
  /** Permission bits of a new file, as for chmod; 0o600 unless told otherwise. */
  mode?: number
  /** false: an existing file stays and the write fails with the system's EEXIST. true unless told otherwise. */
  replace?: boolean
}

/** What the name of an unfinished file ends with. After a crash one may be left; it never means anything. */
export const UNFINISHED_SUFFIX = '.unfinished'

/**
 * Durable when it returns. When it throws, the file is what it was before.
 *
 * @param file in a folder that exists
 * @throws StoreError 'disk-full' or 'io'; with `replace: false` and a file in place, an 'io' whose cause is EEXIST
 */
export function writeFileAtomic(file: string, bytes: Uint8Array, options: AtomicWrite = {}): void {
  const { mode = 0o600, replace = true } = options
  const temporary = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}${UNFINISHED_SUFFIX}`)
  let written = false
  try {
    writeDurably(temporary, bytes, mode)
    written = true
    if (replace) renameSync(temporary, file)
    else putNew(temporary, file, bytes, mode)
    syncFolder(dirname(file))
  } catch (error) {
    if (written) rmSync(temporary, { force: true })
    throw storeErrorFrom(error, `writing ${file}`)
  }
}

/**
 * Makes a folder and those above it, for nobody else to read; their names are durable when it returns. One that is there
 * already stays as it is.
 *
 * @throws StoreError 'disk-full', 'io'
 */
export function makeFolder(folder: string): void {
  try {
    const first = mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (first === undefined) return
    const outermost = dirname(first)
    for (let made = dirname(folder); made.length >= outermost.length; made = dirname(made)) {
      syncFolder(made)
      if (made === dirname(made)) return
    }
  } catch (error) {
    throw storeErrorFrom(error, `making ${folder}`)
  }
}

/** Makes the names in a folder durable. Windows has no such call and needs none. */
export function syncFolder(folder: string): void {
  if (process.platform !== 'win32') syncPath(folder, 'r')
}

/** Makes what a file holds durable, whoever wrote it. */
export function syncFile(file: string): void {
  syncPath(file, 'r+')
}

function syncPath(path: string, flags: string): void {
  const descriptor = openSync(path, flags)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Writes all of the bytes: one call may write less than it was given. */
export function writeAll(descriptor: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done)
  }
}

/** A link, unlike a rename, never replaces what is there. */
function putNew(temporary: string, file: string, bytes: Uint8Array, mode: number): void {
  try {
    linkSync(temporary, file)
  } catch (error) {
    if (failedWith(error, 'EEXIST')) throw error
    // A memory stick's file system knows no links; there an exclusive open is the next best.
    writeDurably(file, bytes, mode)
  }
  rmSync(temporary)
}

function writeDurably(file: string, bytes: Uint8Array, mode: number): void {
  const descriptor = openSync(file, 'wx', mode)
  let whole = false
  try {
    writeAll(descriptor, bytes, 0)
    fsyncSync(descriptor)
    whole = true
  } finally {
    closeSync(descriptor)
    if (!whole) rmSync(file, { force: true })
  }
}

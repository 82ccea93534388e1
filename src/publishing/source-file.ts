/** Reads one file of the folder that is published, and makes sure that it is the one that the scan saw. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { CommandError, EXIT } from '../failure.ts'
import type { FileStat } from './file-records.ts'

/** The importer's chunk (profile unixfs-v1-2025). */
const CHUNK_BYTES = 1024 * 1024

/**
 * All of a file of at most a chunk or so.
 *
 * @throws CommandError 'folder-changed' (1)
 */
export function readWhole(root: string, path: string, stat: FileStat): Uint8Array {
  const descriptor = openSame(root, path, stat)
  try {
    const bytes = Buffer.allocUnsafe(stat.size)
    const read = fill(descriptor, bytes)
    requireSame(descriptor, path, stat, read)
    return bytes
  } finally {
    closeSync(descriptor)
  }
}

/** As `readWhole`, by the chunk, for a file of any size. */
export function* readStream(root: string, path: string, stat: FileStat): Generator<Uint8Array> {
  const descriptor = openSame(root, path, stat)
  try {
    let total = 0
    while (total < stat.size) {
      const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, stat.size - total))
      const read = fill(descriptor, chunk)
      total += read
      if (read < chunk.length) break
      yield chunk
    }
    requireSame(descriptor, path, stat, total)
  } finally {
    closeSync(descriptor)
  }
}

/** @returns the code of a failed call */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

/** @returns how many bytes there were, fewer only at the end of the file */
function fill(descriptor: number, bytes: Uint8Array): number {
  let filled = 0
  while (filled < bytes.length) {
    const read = readSync(descriptor, bytes, filled, bytes.length - filled, null)
    if (read === 0) break
    filled += read
  }
  return filled
}

/** Never follows a link that was put in a file's place meanwhile, nor waits for a pipe. */
function openSame(root: string, path: string, stat: FileStat): number {
  let descriptor: number
  try {
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
    descriptor = openSync(`${root}/${path}`, flags)
  } catch (error) {
    const code = errorCode(error)
    throw changed(path, code === 'ENOENT' ? 'vanished' : `can no longer be read (${code})`)
  }
  try {
    requireSame(descriptor, path, stat, stat.size)
    return descriptor
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

function requireSame(descriptor: number, path: string, stat: FileStat, bytes: number): void {
  const now = fstatSync(descriptor, { bigint: true })
  const same = now.ino === stat.inode && now.mtimeNs === stat.mtimeNs && Number(now.size) === stat.size
  if (!same || bytes !== stat.size) throw changed(path, 'was changed')
}

function changed(path: string, what: string): CommandError {
  return new CommandError(
    EXIT.failed,
    'folder-changed',
    `"${path}" ${what} while the folder was read; nothing was published.`,
    'Publish again when nobody is working in it.',
  )
}

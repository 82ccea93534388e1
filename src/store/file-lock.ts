/**
 * A lock that the operating system takes back when its holder dies, however it dies.
 *
 * Node has no call for file locks, SQLite has: an exclusive transaction on an empty database is one, on every platform.
 * The file stays behind, empty and unlocked; deleting it would let two processes lock two files of one name.
 */
import { DatabaseSync } from 'node:sqlite'
import { storeErrorFrom } from './errors.ts'

export interface FileLock {
  /** Gives the lock back; a second call does nothing. */
  release(): void
}

const SQLITE_BUSY = 5

/**
 * @param file made when it is not there; nothing else may open it
 * @returns the lock, or null while somebody else has it, be it in this process
 * @throws StoreError 'disk-full' or 'io'
 */
export function tryLockFile(file: string): FileLock | null {
  let database: DatabaseSync | null = null
  try {
    database = new DatabaseSync(file, { timeout: 0 })
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY) return null
    throw storeErrorFrom(error, `locking ${file}`)
  }
  const held = database
  return {
    release: () => {
      if (held.isOpen) held.close()
    },
  }
}

/** What can go wrong on disk. `home-in-use` and `in-use` are another program's doing, `damaged` is the disk's. */
export type StoreErrorCode =
  | 'disk-full' // nothing was lost that was durable before; free some space and try again
  | 'damaged' // bytes on disk are not what was written there
  | 'incomplete' // a tree that was to be pinned lacks a block; `cid` names it
  | 'bad-block' // too large, under a hash that is not sha2-256, or no valid node where one was to be pinned
  | 'bad-address' // not the address of an archive
  | 'no-store' // there is nothing here to be read
  | 'newer-format' // written by a later holdfast
  | 'pins-lost' // the ledger of pins went with a deleted index, so nobody can say what is garbage
  | 'in-use' // another process writes into this store
  | 'home-in-use' // a daemon runs on this home
  | 'bad-home' // a name that no home can have
  | 'unsafe-folder' // a folder that another user can write into
  | 'read-only' // this store was opened for reading
  | 'closed' // this store was closed
  | 'io' // anything else that the system refuses; `cause` says what

/** The one error of src/store, src/home.ts and src/home-lock.ts. */
export class StoreError extends Error {
  override name = 'StoreError'
  readonly code: StoreErrorCode
  /** The block that this is about, as text; null when it is about no single block. */
  readonly cid: string | null

  constructor(code: StoreErrorCode, message: string, options: { cause?: unknown; cid?: string } = {}) {
    super(message, options)
    this.code = code
    this.cid = options.cid ?? null
  }
}

/** @returns the error for a block that the disk does not give back as it was @param where for people, such as ` in FILE` */
export function damagedBlock(cid: { toString(): string }, where = '', cause?: unknown): StoreError {
  const name = cid.toString()
  const message = `block ${name}${where} is damaged; "holdfast check --repair" fetches it again`
  return new StoreError('damaged', message, { cause, cid: name })
}

const DISK_FULL = new Set(['ENOSPC', 'EDQUOT'])
/** SQLite's primary result codes (sqlite.org/rescode.html). */
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_NOTADB = 26
/** The file of shared memory beside the database could not grow, which is a full disk too. */
const SQLITE_IOERR_SHMSIZE = 4874

/**
 * @param doing what was being done, for the message: `writing FILE`
 * @returns the same failure as a StoreError; one that is a StoreError already comes back as it is
 */
export function storeErrorFrom(error: unknown, doing: string): StoreError {
  if (error instanceof StoreError) return error
  const { code, errcode } = failureCodes(error)
  const primary = errcode & 0xff
  if (DISK_FULL.has(code) || primary === SQLITE_FULL || errcode === SQLITE_IOERR_SHMSIZE) {
    return new StoreError('disk-full', `the disk is full (${doing}); free some space and try again`, { cause: error })
  }
  const reason = error instanceof Error ? error.message : String(error)
  const damaged = primary === SQLITE_CORRUPT || primary === SQLITE_NOTADB
  return new StoreError(damaged ? 'damaged' : 'io', `${doing} failed: ${reason}`, { cause: error })
}

/** @returns whether a system call failed with that code, such as `ENOENT` */
export function failedWith(error: unknown, code: string): boolean {
  return failureCodes(error).code === code
}

function failureCodes(error: unknown): { code: string; errcode: number } {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown }
  return { code: typeof code === 'string' ? code : '', errcode: typeof errcode === 'number' ? errcode : 0 }
}

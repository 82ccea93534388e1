/** One daemon for each home. The lock file says which; the operating system's own lock says whether it still lives. */
import { readFileSync, rmSync } from 'node:fs'
import * as v from 'valibot'
import { makeHome, type Home } from './home.ts'
import { writeFileAtomic } from './store/atomic-file.ts'
import { failedWith, StoreError, storeErrorFrom } from './store/errors.ts'
import { tryLockFile, type FileLock } from './store/file-lock.ts'

export interface HomeLock {
  /** Gives the home back; a second call does nothing. */
  release(): Promise<void>
}

const OwnerSchema = v.object({
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /** When that process started, in the system's own unit; null where the system does not say. */
  started: v.nullable(v.string()),
})
type Owner = v.InferOutput<typeof OwnerSchema>

/** Place of the start time, in clock ticks since boot, after the name in /proc/<pid>/stat (proc(5), field 22). */
const START_TIME_FIELD = 22 - 3
/** Ended, and only waiting for the parent to take note (proc(5), field 3). */
const DEAD_STATES = new Set(['Z', 'X'])

/**
 * Makes the home's folders and takes the home. A lock whose process is gone, or whose number another process has now,
 * is taken over. Two starters cannot both do so: they meet at a lock that only one of them can have.
 *
 * @throws StoreError 'home-in-use' naming the process that has it, 'unsafe-folder', 'disk-full', 'io'
 */
export async function lockHome(home: Home): Promise<HomeLock> {
  makeHome(home)
  // The system takes this one back whenever its holder dies. The file of its own stays, so that nobody locks a ghost.
  const guard = tryLockFile(`${home.lock}.guard`)
  if (guard === null) throw inUse(home, readOwner(home.lock))
  try {
    const before = readOwner(home.lock)
    // Where the system's lock does not reach (some network disks), the file has the last word.
    if (before !== null && isRunning(before)) throw inUse(home, before)
    const owner: Owner = { pid: process.pid, started: statOf(process.pid)?.started ?? null }
    writeFileAtomic(home.lock, Buffer.from(`${JSON.stringify(owner)}\n`))
  } catch (error) {
    guard.release()
    throw error
  }
  return { release: onceOnly(() => giveBack(home.lock, guard)) }
}

function giveBack(file: string, guard: FileLock): void {
  try {
    rmSync(file, { force: true })
  } finally {
    guard.release()
  }
}

/** A second release must not remove the file of whoever came next. */
function onceOnly(work: () => void): () => Promise<void> {
  let done = false
  return async () => {
    if (done) return
    done = true
    work()
  }
}

function inUse(home: Home, owner: Owner | null): StoreError {
  const who = owner === null ? 'another process' : `process ${owner.pid}`
  return new StoreError('home-in-use', `${who} already works on ${home.data}`)
}

/** @returns null when there is no lock file, or one that nobody could have finished */
function readOwner(file: string): Owner | null {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return null
    throw storeErrorFrom(error, `reading ${file}`)
  }
  try {
    return v.parse(OwnerSchema, JSON.parse(text))
  } catch {
    // It is written whole or not at all, so this is damage, and whose lock it was nobody can say.
    return null
  }
}

function isRunning({ pid, started }: Owner): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it runs, as another user.
    if (!failedWith(error, 'EPERM')) return false
  }
  const now = statOf(pid)
  if (now === null || started === null) return true
  return now.started === started && !DEAD_STATES.has(now.state)
}

/** @returns null where the system has no /proc, or no such process */
function statOf(pid: number): { state: string; started: string } | null {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    // No Linux, or gone between two calls; the caller then goes by the number alone.
    return null
  }
  // The name in parentheses may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, started] = [fields[0], fields[START_TIME_FIELD]]
  return state === undefined || started === undefined ? null : { state, started }
}

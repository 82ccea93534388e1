/** The folder that a maintainer publishes: what in it is taken, left out or refused. Modes, owners and times are never read into a release. */
import { accessSync, constants, lstatSync, readdirSync, type BigIntStats, type Dirent } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { checkName, DagError, type SourceDirectory, type SourceFile } from '@holdfast/dag'
import { CommandError, EXIT } from '../failure.ts'
import { MAX_TREE_DEPTH, SYNC_WORK_MS } from '../limits.ts'
import { FileRecordList, readRecords, type FileStat } from './file-records.ts'
import { errorCode, readStream, readWhole } from './source-file.ts'

/** A file to import, and what the scan saw of it; or an empty folder. */
export type FolderEntry = SourceDirectory | (SourceFile & { stat: FileStat })

export interface ScannedFolder {
  /** Files in the order of the UTF-8 bytes of their names, folder by folder; folders only where they are empty. */
  entries(): AsyncGenerator<FolderEntry>
  /** When it was begun, milliseconds since 1970 by the machine's own clock, which dates files too. */
  readonly scannedMs: number
  /** Names that begin with a dot and were left out, relative to the folder. */
  readonly leftOut: readonly string[]
  readonly files: number
  /** Bytes of all files. */
  readonly size: number
}

/** What in a folder no archive can hold, and why. */
export interface FolderProblem {
  path: string
  problem: string
}

/** Thrown where a folder holds what cannot be published. */
export class RefusedFiles extends CommandError {
  readonly problems: readonly FolderProblem[]

  constructor(problems: readonly FolderProblem[]) {
    const some = problems
      .slice(0, 20)
      .map(({ path, problem }) => `${path}: ${problem}`)
      .join('; ')
    const more = problems.length > 20 ? `; and ${problems.length - 20} more` : ''
    super(
      EXIT.refused,
      'refused-files',
      `This cannot be published: ${some}${more}.`,
      'Take it out of the folder, or replace links by what they point to.',
    )
    this.problems = problems
  }
}

interface Scan {
  /** Files, and folders that are empty, in the order of the walk. */
  readonly records: FileRecordList
  readonly leftOut: string[]
  readonly problems: FolderProblem[]
  readonly pause: () => Promise<void>
  /** Files and empty folders seen. */
  seen: number
  size: number
  count: number
}

/**
 * Looks at everything before anything is imported. The calls to the file system are those that wait: of small files a
 * detour through another thread takes five times as long as the call.
 *
 * @param hidden takes names that begin with a dot too; they may carry names and mail addresses of people (`.git`)
 * @throws CommandError 'no-folder' (1), or RefusedFiles (6) naming each link, socket, device, and what cannot be read
 */
export async function scanFolder(folder: string, hidden: boolean): Promise<ScannedFolder> {
  requireFolder(folder)
  const scannedMs = Date.now()
  const scan: Scan = {
    records: new FileRecordList(),
    leftOut: [],
    problems: [],
    pause: pauser(),
    seen: 0,
    size: 0,
    count: 0,
  }
  await scanInto(scan, folder, '', hidden)
  if (scan.problems.length > 0) throw new RefusedFiles(scan.problems)
  return {
    entries: () => entriesOf(folder, scan.records.bytes),
    scannedMs,
    leftOut: scan.leftOut,
    files: scan.count,
    size: scan.size,
  }
}

function requireFolder(folder: string): void {
  let what = `There is no folder ${folder}`
  try {
    if (lstatSync(folder).isDirectory()) return
    what = `${folder} is not a folder`
  } catch {
    // Said below.
  }
  throw new CommandError(EXIT.failed, 'no-folder', `${what}.`, 'Give the folder that shall be published.')
}

async function scanInto(scan: Scan, root: string, below: string, hidden: boolean): Promise<void> {
  if (below.split('/').length > MAX_TREE_DEPTH) {
    scan.problems.push({ path: below, problem: `more than ${MAX_TREE_DEPTH} folders in one another` })
    return
  }
  let names: Dirent<Buffer>[]
  try {
    names = readdirSync(join(root, below), { withFileTypes: true, encoding: 'buffer' })
  } catch (error) {
    scan.problems.push({ path: below === '' ? root : below, problem: `cannot be read (${errorCode(error)})` })
    return
  }
  const before = scan.seen + scan.problems.length
  for (const entry of names.toSorted((a, b) => Buffer.compare(a.name, b.name))) {
    const inner = scanEntry(scan, root, below, entry, hidden)
    if (inner === null) await scan.pause()
    else await scanInto(scan, root, inner, hidden)
  }
  if (below !== '' && scan.seen + scan.problems.length === before) {
    scan.records.add({ path: below, stat: null, imported: null })
    scan.seen++
  }
}

/** @returns the path of a folder, to be entered; null for all else */
function scanEntry(scan: Scan, root: string, below: string, entry: Dirent<Buffer>, hidden: boolean): string | null {
  const name = entry.name.toString('utf8')
  const path = below === '' ? name : `${below}/${name}`
  if (!Buffer.from(name, 'utf8').equals(entry.name)) {
    scan.problems.push({ path, problem: 'the name is not UTF-8' })
    return null
  }
  if (name.startsWith('.') && !hidden) {
    scan.leftOut.push(path)
    return null
  }
  try {
    checkName(name)
    const stat = lstatSync(join(root, path), { bigint: true })
    if (stat.isDirectory()) return path
    if (!stat.isFile()) {
      scan.problems.push({ path, problem: kindOf(stat) })
      return null
    }
    if (!isReadable(stat)) accessSync(join(root, path), constants.R_OK)
    scan.records.add({ path, stat: fileStat(stat), imported: null })
    scan.seen++
    scan.size += Number(stat.size)
    scan.count++
  } catch (error) {
    const problem = error instanceof DagError ? error.message : `cannot be read (${errorCode(error)})`
    scan.problems.push({ path, problem })
  }
  return null
}

async function* entriesOf(root: string, records: Uint8Array): AsyncGenerator<FolderEntry> {
  const pause = pauser()
  for (const { path, stat } of readRecords(records)) {
    await pause()
    if (stat === null) yield { type: 'directory', path }
    else {
      yield {
        path,
        size: stat.size,
        stat,
        read: () => readWhole(root, path, stat),
        content: () => readStream(root, path, stat),
      }
    }
  }
}

/** Signals and timers of the process get a turn now and then. */
function pauser(): () => Promise<void> {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < SYNC_WORK_MS) return
    await setImmediate()
    last = performance.now()
  }
}

function fileStat({ size, mtimeNs, ctimeNs, ino }: BigIntStats): FileStat {
  return { size: Number(size), mtimeNs, ctimeNs, inode: ino }
}

/** Its owner as a rule: no need to ask. Where more than these bits decides, the reading itself says so. */
function isReadable({ uid, mode }: BigIntStats): boolean {
  return Number(uid) === process.geteuid?.() && (mode & 0o400n) !== 0n
}

function kindOf(stat: { isSymbolicLink(): boolean; isSocket(): boolean; isFIFO(): boolean }): string {
  if (stat.isSymbolicLink()) return 'a symbolic link'
  if (stat.isSocket()) return 'a socket'
  return stat.isFIFO() ? 'a named pipe' : 'a device'
}

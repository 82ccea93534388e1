/** The folder that a maintainer publishes: what in it is taken, left out or refused. Modes, owners and times are never read into a release. */
import { constants, createReadStream, type Dirent } from 'node:fs'
import { lstat, open, readdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { checkName, DagError, type SourceEntry } from '@holdfast/dag'
import { CommandError, EXIT } from '../failure.ts'
import { MAX_TREE_DEPTH } from '../limits.ts'

export interface ScannedFolder {
  /** Files in the order of the UTF-8 bytes of their names, folder by folder; folders only where they are empty. */
  entries(): AsyncGenerator<SourceEntry>
  /** Names that begin with a dot and were left out, relative to the folder. */
  readonly leftOut: readonly string[]
  readonly files: number
  /** Bytes of all files. */
  readonly size: number
}

interface ScannedFile {
  path: string
  size: number
  mtimeNs: bigint
  inode: bigint
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
  files: (ScannedFile | { path: string; empty: true })[]
  leftOut: string[]
  problems: FolderProblem[]
  size: number
  count: number
}

/** Files up to this size are read in one go. The importer's chunk (profile unixfs-v1-2025). */
const ONE_READ_BYTES = 1024 * 1024

/**
 * Looks at everything before anything is imported.
 *
 * @param hidden takes names that begin with a dot too; they may carry names and mail addresses of people (`.git`)
 * @throws CommandError 'no-folder' (1), or RefusedFiles (6) naming each link, socket, device, and what cannot be read
 */
export async function scanFolder(folder: string, hidden: boolean): Promise<ScannedFolder> {
  const scan: Scan = { files: [], leftOut: [], problems: [], size: 0, count: 0 }
  const there = await lstat(folder).catch((error: NodeJS.ErrnoException) => error)
  if (there instanceof Error || !there.isDirectory()) {
    const what = there instanceof Error ? `There is no folder ${folder}` : `${folder} is not a folder`
    throw new CommandError(EXIT.failed, 'no-folder', `${what}.`, 'Give the folder that shall be published.')
  }
  await scanInto(scan, folder, '', hidden)
  if (scan.problems.length > 0) throw new RefusedFiles(scan.problems)
  return {
    entries: () => entriesOf(folder, scan),
    leftOut: scan.leftOut,
    files: scan.count,
    size: scan.size,
  }
}

async function scanInto(scan: Scan, root: string, below: string, hidden: boolean): Promise<void> {
  if (below.split('/').length > MAX_TREE_DEPTH) {
    scan.problems.push({ path: below, problem: `more than ${MAX_TREE_DEPTH} folders in one another` })
    return
  }
  let names: Dirent<Buffer>[]
  try {
    names = await readdir(join(root, below), { withFileTypes: true, encoding: 'buffer' })
  } catch (error) {
    scan.problems.push({ path: below === '' ? root : below, problem: `cannot be read (${codeOf(error)})` })
    return
  }
  const before = scan.files.length + scan.problems.length
  for (const entry of names.toSorted((a, b) => Buffer.compare(a.name, b.name))) {
    await scanEntry(scan, root, below, entry, hidden)
  }
  if (below !== '' && scan.files.length + scan.problems.length === before) scan.files.push({ path: below, empty: true })
}

async function scanEntry(
  scan: Scan,
  root: string,
  below: string,
  entry: Dirent<Buffer>,
  hidden: boolean,
): Promise<void> {
  const name = entry.name.toString('utf8')
  const path = below === '' ? name : `${below}/${name}`
  if (!Buffer.from(name, 'utf8').equals(entry.name)) {
    scan.problems.push({ path, problem: 'the name is not UTF-8' })
    return
  }
  if (name.startsWith('.') && !hidden) {
    scan.leftOut.push(path)
    return
  }
  try {
    checkName(name)
    const stat = await lstat(join(root, path), { bigint: true })
    if (stat.isDirectory()) return await scanInto(scan, root, path, hidden)
    if (!stat.isFile()) {
      scan.problems.push({ path, problem: kindOf(stat) })
      return
    }
    await (await openFile(root, path)).close()
    scan.files.push({ path, size: Number(stat.size), mtimeNs: stat.mtimeNs, inode: stat.ino })
    scan.size += Number(stat.size)
    scan.count++
  } catch (error) {
    const problem = error instanceof DagError ? error.message : `cannot be read (${codeOf(error)})`
    scan.problems.push({ path, problem })
  }
}

async function* entriesOf(root: string, scan: Scan): AsyncGenerator<SourceEntry> {
  for (const file of scan.files) {
    if ('empty' in file) yield { type: 'directory', path: file.path }
    else {
      yield {
        path: file.path,
        size: file.size,
        ...(file.size <= ONE_READ_BYTES && { read: async () => await readWhole(root, file) }),
        content: () => readStream(root, file),
      }
    }
  }
}

async function readWhole(root: string, file: ScannedFile): Promise<Uint8Array> {
  const handle = await openSame(root, file)
  try {
    const bytes = await handle.readFile()
    await requireSame(handle, file, bytes.length)
    return bytes
  } finally {
    await handle.close()
  }
}

async function* readStream(root: string, file: ScannedFile): AsyncGenerator<Uint8Array> {
  const handle = await openSame(root, file)
  let read = 0
  try {
    for await (const chunk of createReadStream('', {
      fd: handle,
      autoClose: false,
      highWaterMark: ONE_READ_BYTES,
    }) as AsyncIterable<Uint8Array>) {
      read += chunk.length
      yield chunk
    }
    await requireSame(handle, file, read)
  } finally {
    await handle.close()
  }
}

/** Never follows a link that was put in a file's place meanwhile. */
async function openFile(root: string, path: string): Promise<FileHandle> {
  return await open(join(root, path), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
}

async function openSame(root: string, file: ScannedFile): Promise<FileHandle> {
  let handle: FileHandle
  try {
    handle = await openFile(root, file.path)
  } catch (error) {
    throw changed(file.path, codeOf(error) === 'ENOENT' ? 'vanished' : `can no longer be read (${codeOf(error)})`)
  }
  try {
    await requireSame(handle, file, file.size)
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function requireSame(handle: FileHandle, file: ScannedFile, bytes: number): Promise<void> {
  const stat = await handle.stat({ bigint: true })
  const same =
    stat.ino === file.inode && stat.mtimeNs === file.mtimeNs && Number(stat.size) === file.size && bytes === file.size
  if (!same) throw changed(file.path, 'was changed')
}

function changed(path: string, what: string): CommandError {
  return new CommandError(
    EXIT.failed,
    'folder-changed',
    `"${path}" ${what} while the folder was read; nothing was published.`,
    'Publish again when nobody is working in it.',
  )
}

function kindOf(stat: { isSymbolicLink(): boolean; isSocket(): boolean; isFIFO(): boolean }): string {
  if (stat.isSymbolicLink()) return 'a symbolic link'
  if (stat.isSocket()) return 'a socket'
  return stat.isFIFO() ? 'a named pipe' : 'a device'
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

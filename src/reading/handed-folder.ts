/** A folder that somebody handed over, held against the root that it should have. Nothing is stored. */
import { DagError, diffTrees, importTree, type BlockReader, type BlockWriter } from '@holdfast/dag'
import { NetworkError, reasonOf } from '@holdfast/network'
import type { CID } from 'multiformats/cid'
import { CommandError, EXIT } from '../failure.ts'
import { MAX_NAMED_PROBLEMS } from '../limits.ts'
import { RefusedFiles, scanFolder } from '../publishing/source-folder.ts'
import { sha256 } from '../store/sha256.ts'
import { MemoryStore } from './layered-store.ts'

/** What does not fit, and where; the path is `.` for the whole. */
export interface Problem {
  path: string
  problem: string
}

export interface HandedFolder {
  /** null when it holds what no archive can hold: see `problems`. */
  cid: CID | null
  problems: Problem[]
  notes: string[]
  /** Its folders, and the lists of blocks of its larger files. */
  tree: BlockReader
}

/** Keeps what names and lists, some 60 bytes for each file or MiB; content itself passes through. */
class TreeStore extends MemoryStore implements BlockWriter {
  override async put(cid: CID, bytes: Uint8Array): Promise<void> {
    if (cid.code !== RAW) await super.put(cid, bytes)
  }
}

const RAW = 0x55

/**
 * Reads all of a folder, as `publish` would.
 *
 * @param hidden takes names that begin with a dot too
 * @throws CommandError 'folder-changed' (1) when somebody works in it meanwhile
 */
export async function readHandedFolder(folder: string, hidden: boolean, signal: AbortSignal): Promise<HandedFolder> {
  const tree = new TreeStore()
  try {
    const scanned = await scanFolder(folder, hidden)
    const entries = async function* (): ReturnType<typeof scanned.entries> {
      for await (const entry of scanned.entries()) {
        signal.throwIfAborted()
        yield entry
      }
    }
    const { cid } = await importTree(entries(), tree, { sha256 })
    return { cid, problems: [], notes: leftOutInWords(scanned.leftOut), tree }
  } catch (error) {
    if (error instanceof RefusedFiles) {
      return { cid: null, problems: error.problems.slice(0, MAX_NAMED_PROBLEMS), notes: [], tree }
    }
    if (!(error instanceof CommandError) || error.code !== 'folder-changed') throw error
    const message = 'The folder was changed while it was read.'
    throw new CommandError(EXIT.failed, error.code, message, 'Verify again when nobody works in it.', { cause: error })
  }
}

/**
 * Names the files that differ, as far as the tree that was expected can be read.
 *
 * @param reader of both trees
 * @returns at least one problem, at most MAX_NAMED_PROBLEMS
 */
export async function nameDifferences(
  expected: CID,
  found: CID,
  reader: BlockReader,
): Promise<{ problems: Problem[]; notes: string[] }> {
  const problems: Problem[] = []
  const notes: string[] = []
  try {
    for await (const { path, change } of diffTrees(expected, found, reader)) {
      if (problems.length === MAX_NAMED_PROBLEMS) {
        notes.push(`More than ${MAX_NAMED_PROBLEMS} files differ; the others are not named`)
        break
      }
      problems.push({ path, problem: IN_WORDS[change] })
    }
  } catch (error) {
    const known = error instanceof DagError || error instanceof NetworkError
    if (!known || error.code === 'cancelled') throw error
    const which = problems.length === 0 ? 'Which files differ' : 'Whether more files differ'
    notes.push(`${which} cannot be said, because the tree of the release cannot be read (${reasonOf(error)})`)
  }
  if (problems.length === 0) problems.push({ path: '.', problem: `its root is ${found}, and ${expected} was expected` })
  return { problems, notes }
}

const IN_WORDS = { added: 'is not in it', removed: 'is missing', changed: 'has other content' } as const

function leftOutInWords(names: readonly string[]): string[] {
  if (names.length === 0) return []
  const some = names.slice(0, 5).join(', ')
  const more = names.length > 5 ? ` and ${names.length - 5} more` : ''
  return [`Not looked at, because the names begin with a dot: ${some}${more} (--hidden takes them)`]
}

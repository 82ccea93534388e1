/** Writes a fetched tree so that it appears whole or not at all, and nothing beside it. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { listTree, readFile, DagError, type BlockReader, type ResolvedNode } from '@holdfast/dag'
import { CommandError, EXIT } from '../failure.ts'
import { MAX_TREE_DEPTH, MAX_TREE_ENTRIES } from '../limits.ts'
import { syncFolder } from '../store/atomic-file.ts'

/** What was written. */
export interface Written {
  files: number
  /** Bytes of all files. */
  size: number
}

/**
 * @param output where it shall appear; an empty folder there is taken as none
 * @throws CommandError 'exists' (6) before anything is fetched or written
 */
export function requireFree(output: string): void {
  const there = lstatSync(output, { throwIfNoEntry: false })
  if (there === undefined) {
    if (existsSync(dirname(resolve(output)))) return
    throw new CommandError(
      EXIT.failed,
      'no-folder',
      `There is no folder ${dirname(resolve(output))}.`,
      'Make it first, or choose another place with -o.',
    )
  }
  if (there.isDirectory() && readdirSync(output).length === 0) return
  throw new CommandError(
    EXIT.refused,
    'exists',
    `${output} exists already.`,
    'Choose another place with -o, or move it away.',
  )
}

/**
 * Writes a file or folder beside `output` under a hidden name, makes it durable, and moves it to its place in one step.
 *
 * @param maxBytes more than this in files ends it: what was signed is an upper bound
 * @throws DagError for trees that no honest archive holds; then nothing stands at `output`
 */
export async function writeOutput(
  node: ResolvedNode,
  reader: BlockReader,
  output: string,
  signal: AbortSignal,
  maxBytes = Infinity,
): Promise<Written> {
  const target = resolve(output)
  const unfinished = join(dirname(target), `.${basename(target)}.holdfast-unfinished`)
  rmSync(unfinished, { recursive: true, force: true })
  try {
    const written =
      node.type === 'directory'
        ? await writeTree(node, reader, unfinished, signal, maxBytes)
        : { files: 1, size: await writeOneFile(node, reader, unfinished, signal) }
    // rename takes the place of an empty folder only of a folder, and not everywhere.
    if (existsSync(target)) rmdirSync(target)
    renameSync(unfinished, target)
    syncFolder(dirname(target))
    return written
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    throw error
  }
}

async function writeTree(
  { cid }: ResolvedNode,
  reader: BlockReader,
  folder: string,
  signal: AbortSignal,
  maxBytes: number,
): Promise<Written> {
  mkdirSync(folder)
  const written = { files: 0, size: 0 }
  const folders = [folder]
  const limits = { maxEntries: MAX_TREE_ENTRIES, maxDepth: MAX_TREE_DEPTH, maxBytes }
  for await (const entry of listTree(cid, reader, limits)) {
    const path = join(folder, ...entry.path.split('/'))
    if (entry.type === 'directory') {
      mkdirSync(path)
      folders.push(path)
      continue
    }
    written.size += await writeOneFile({ ...entry, passed: [] }, reader, path, signal)
    written.files++
  }
  for (const one of folders) syncFolder(one)
  return written
}

async function writeOneFile(
  node: ResolvedNode,
  reader: BlockReader,
  path: string,
  signal: AbortSignal,
): Promise<number> {
  // A link would let what comes after it be written elsewhere; holdfast never publishes one.
  if (node.type === 'symlink')
    throw new DagError('not-a-file', `"${basename(path)}" is a symbolic link, which is not written`)
  // 'wx': a name that stands there already, perhaps in other letters on this disk, is not overwritten.
  const descriptor = openSync(path, 'wx', 0o644)
  let size = 0
  try {
    for await (const chunk of readFile(node.cid, reader)) {
      signal.throwIfAborted()
      for (let at = 0; at < chunk.length;) at += writeSync(descriptor, chunk, at)
      size += chunk.length
    }
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  return size
}

import type { CID } from 'multiformats/cid'
import { loadBlock, type BlockReader } from './blocks.ts'
import { findEntry } from './directory.ts'
import { DagError } from './errors.ts'
import { MAX_TREE_DEPTH } from './limits.ts'
import { typeAndSize, type EntryType } from './list.ts'
import { printable } from './names.ts'
import { parseNode } from './unixfs-node.ts'

/** What stands at a path. */
export interface ResolvedNode {
  cid: CID
  type: EntryType
  /** Bytes of a file's content; 0 for anything else. */
  size: number
  /** The blocks that lead from the root to it, sub-shards included, in order; without the block of `cid` itself. */
  passed: CID[]
}

/**
 * Follows a path from a root, through plain and sharded directories; reads only the blocks on the way and the one at its end.
 *
 * @param path `a/b/c`; slashes at its ends or doubled do not count, '' is the root
 * @returns null when there is no such name, also when the path leads through a file
 * @throws DagError `bad-path` for `.` and `..`, `too-deep`, `unsafe-name` when a folder has the name twice, `bad-block`,
 *   `missing-block`
 */
export async function resolvePath(root: CID, path: string, reader: BlockReader): Promise<ResolvedNode | null> {
  const passed: CID[] = []
  let cid = root
  for (const name of namesIn(path)) {
    const entry = await findEntry(cid, name, reader, passed)
    if (entry === null) return null
    ;({ cid } = entry)
  }
  return { cid, ...typeAndSize(parseNode(cid, await loadBlock(cid, reader))), passed }
}

function namesIn(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '')
  if (names.some((name) => name === '.' || name === '..'))
    throw new DagError('bad-path', `the path ${printable(path)} holds a name that stands for another folder`)
  if (names.length > MAX_TREE_DEPTH + 1)
    throw new DagError('too-deep', `the path has more than ${MAX_TREE_DEPTH} folders`)
  return names
}

import type { CID } from 'multiformats/cid'
import { loadBlock, type BlockReader } from './blocks.ts'
import { keyOf, RAW } from './cids.ts'
import { directoryEntries } from './directory.ts'
import { DagError } from './errors.ts'
import { MAX_TREE_DEPTH, MAX_TREE_ENTRIES } from './limits.ts'
import { parseNode, type NamedLink, type UnixFsNode } from './unixfs-node.ts'

export type EntryType = 'file' | 'directory' | 'symlink'

/** What stands in a directory. */
export interface DirectoryEntry {
  /** Safe to be written into a folder (checkName). */
  name: string
  cid: CID
  type: EntryType
  /**
   * Bytes of a file's content, 0 for anything else. For a file of one raw block it is what the directory claims; whoever
   * reads the file compares.
   */
  size: number
}

/** What stands in a tree. */
export interface TreeEntry {
  /** `a/b/c`, from the root, which itself is not an entry. */
  path: string
  cid: CID
  type: EntryType
  /** As in DirectoryEntry. */
  size: number
}

/** Where a walk over a stranger's tree ends: a small DAG can hold one folder a million times. */
export interface TreeLimits {
  /** Entries of all folders together; MAX_TREE_ENTRIES unless told. */
  maxEntries?: number
  /** Folders inside folders; MAX_TREE_DEPTH unless told. */
  maxDepth?: number
  /** Bytes of all files together, as far as listed; no limit unless told. */
  maxBytes?: number
}

/**
 * What stands in one directory, plain or sharded, in the order of names' UTF-8 bytes. Reads the first block of every entry
 * except raw leaves, in order to tell folders from files.
 *
 * @throws DagError `not-a-directory`, `unsafe-name`, `bad-block`, `missing-block`, `too-large`, `too-deep`
 */
export async function* listDirectory(cid: CID, reader: BlockReader): AsyncGenerator<DirectoryEntry> {
  const known: KnownNodes = new Map()
  for (const link of await directoryEntries(cid, reader)) yield await describeLink(link, reader, known)
}

/**
 * Everything below a directory, depth first: a folder before what is in it, names in the order of their UTF-8 bytes.
 *
 * @throws DagError as listDirectory; `too-large` and `too-deep` when a limit is passed
 */
export async function* listTree(root: CID, reader: BlockReader, limits: TreeLimits = {}): AsyncGenerator<TreeEntry> {
  const { maxEntries = MAX_TREE_ENTRIES, maxDepth = MAX_TREE_DEPTH, maxBytes = Infinity } = limits
  let entries = 0
  let bytes = 0
  const open: { links: NamedLink[]; prefix: string; depth: number; known: KnownNodes }[] = []
  const enter = async (cid: CID, prefix: string, depth: number): Promise<void> => {
    if (depth > maxDepth)
      throw new DagError('too-deep', `the tree ${root.toString()} has more than ${maxDepth} folders in one another`)
    const links = await directoryEntries(cid, reader, maxEntries - entries)
    entries += links.length
    open.push({ links: links.toReversed(), prefix, depth, known: new Map() })
  }

  await enter(root, '', 0)
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const link = top.links.pop()
    if (link === undefined) {
      open.pop()
      continue
    }
    const { name, ...entry } = await describeLink(link, reader, top.known)
    const path = top.prefix + name
    bytes += entry.size
    if (bytes > maxBytes) throw new DagError('too-large', `the tree ${root.toString()} has more than ${maxBytes} bytes`)
    yield { path, ...entry }
    if (entry.type === 'directory') await enter(entry.cid, `${path}/`, top.depth + 1)
  }
}

/** What the blocks that one folder links to are: a stranger's folder may link to one large block a million times. */
export type KnownNodes = Map<string, { type: EntryType; size: number }>

/** @throws DagError `bad-block`, `missing-block` */
export async function describeLink(
  { name, cid, tsize }: NamedLink,
  reader: BlockReader,
  known: KnownNodes,
): Promise<DirectoryEntry> {
  if (cid.code === RAW) return { name, cid, type: 'file', size: tsize }
  const key = keyOf(cid)
  const node = known.get(key) ?? typeAndSize(parseNode(cid, await loadBlock(cid, reader)))
  known.set(key, node)
  return { name, cid, ...node }
}

export function typeAndSize(node: UnixFsNode): { type: EntryType; size: number } {
  if (node.kind === 'file') return { type: 'file', size: node.size }
  return { type: node.kind === 'symlink' ? 'symlink' : 'directory', size: 0 }
}

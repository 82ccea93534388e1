import { UnixFS } from 'ipfs-unixfs'
import type { CID } from 'multiformats/cid'
import { RAW } from './cids.ts'
import { DagError } from './errors.ts'
import { MAX_SHARD_FANOUT } from './limits.ts'
import { badBlock, decodePb } from './links.ts'
import { printable } from './names.ts'

/** A link of a directory, as it stands in the block: nothing is checked yet. */
export interface NamedLink {
  name: string
  cid: CID
  /** Bytes of all blocks below, as the writer of the directory claims. */
  tsize: number
}

/** A part of a file that lies in another block. */
export interface FilePart {
  cid: CID
  /** Bytes of content, as the parent says. */
  size: number
}

/** `content` comes before the parts; `size` is all of it. */
export interface FileNode {
  kind: 'file'
  size: number
  content: Uint8Array
  parts: FilePart[]
}

export interface PlainDirectoryNode {
  kind: 'directory'
  links: NamedLink[]
}

export interface ShardNode {
  kind: 'shard'
  links: NamedLink[]
  /** Bits of a name's hash that choose among the links. */
  bits: number
}

/** What one block of a UnixFS tree is (UnixFS specification, "Data"). */
export type UnixFsNode = FileNode | PlainDirectoryNode | ShardNode | { kind: 'symlink' }

/** @throws DagError `bad-block` */
export function parseNode(cid: CID, bytes: Uint8Array): UnixFsNode {
  if (cid.code === RAW) return { kind: 'file', size: bytes.byteLength, content: bytes, parts: [] }
  const { Data, Links } = decodePb(cid, bytes)
  const unixfs = unmarshal(cid, Data)
  const links = Links.map((link) => ({ name: link.Name ?? '', cid: link.Hash, tsize: link.Tsize ?? 0 }))
  switch (unixfs.type) {
    case 'file':
    case 'raw':
      return fileNode(cid, unixfs, links)
    case 'directory':
      return { kind: 'directory', links }
    case 'hamt-sharded-directory':
      return { kind: 'shard', links, bits: shardBits(cid, unixfs.fanout) }
    case 'symlink':
      return { kind: 'symlink' }
    default:
      throw badBlock(cid, `is UnixFS of the type ${unixfs.type}, which no tree holds`)
  }
}

function unmarshal(cid: CID, data: Uint8Array | undefined): UnixFS {
  if (data === undefined) throw badBlock(cid, 'is no UnixFS node: it has no data')
  try {
    return UnixFS.unmarshal(data)
  } catch (cause) {
    throw badBlock(cid, 'is no UnixFS node', cause)
  }
}

function fileNode(cid: CID, unixfs: UnixFS, links: NamedLink[]): FileNode {
  if (links.length !== unixfs.blockSizes.length) throw badBlock(cid, 'has not one size for each of its links')
  const content = unixfs.data ?? new Uint8Array(0)
  const parts = links.map((link, at) => ({ cid: link.cid, size: Number(unixfs.blockSizes[at]) }))
  const size = parts.reduce((sum, part) => sum + part.size, content.byteLength)
  if (!Number.isSafeInteger(size)) throw badBlock(cid, 'claims to be a file of impossible size')
  return { kind: 'file', size, content, parts }
}

function shardBits(cid: CID, fanout: bigint | undefined): number {
  const bits = Math.log2(Number(fanout ?? 0n))
  const known = Number.isInteger(bits) && bits >= 3 && 2 ** bits <= MAX_SHARD_FANOUT
  if (!known) throw badBlock(cid, `is a sharded directory with a fanout of ${fanout}`)
  return bits
}

/**
 * The link of that name.
 *
 * @returns null when there is none
 * @throws DagError `unsafe-name` when there are two: readers would differ in which they take
 */
export function onlyLink(directory: CID, links: readonly NamedLink[], name: string): NamedLink | null {
  const found = links.filter((link) => link.name === name)
  if (found.length > 1) throw nameTwice(directory, name)
  return found[0] ?? null
}

export function nameTwice(directory: CID, name: string): DagError {
  return new DagError('unsafe-name', `the name ${printable(name)} stands twice in the folder ${directory.toString()}`, {
    cid: directory,
  })
}

import type { CID } from 'multiformats/cid'
import { loadBlock, type Block, type BlockReader } from './blocks.ts'
import { keyOf, RAW } from './cids.ts'
import { followedLinks } from './links.ts'
import { walkFile, type ByteRange } from './read-file.ts'
import { walkShards } from './sharded-directory.ts'
import { parseNode } from './unixfs-node.ts'

/** A block that a walk came by. */
export interface WalkedBlock {
  cid: CID
  /** Null for a raw leaf that was not read. */
  bytes: Uint8Array | null
  /** Bytes of the block; for an unread leaf what the link to it says. */
  size: number
}

/**
 * Every block that a root reaches, each once, depth first, a block before those that it links to, in the order of its links:
 * the order of CARs and manifests.
 *
 * @param options with `leaves: true`, raw leaves are read too; else they are only named, present or not
 * @throws DagError `missing-block` naming the CID, `bad-block` for a node that is no DAG-PB
 */
export function walkDag(root: CID, reader: BlockReader, options: { leaves: true }): AsyncGenerator<WalkedBlock & Block>
export function walkDag(root: CID, reader: BlockReader, options?: { leaves?: boolean }): AsyncGenerator<WalkedBlock>
export async function* walkDag(
  root: CID,
  reader: BlockReader,
  { leaves = false }: { leaves?: boolean } = {},
): AsyncGenerator<WalkedBlock> {
  const seen = new Set<string>()
  const stack: { cid: CID; tsize: number | null }[] = [{ cid: root, tsize: null }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { cid, tsize } = next
    const key = keyOf(cid)
    if (seen.has(key)) continue
    seen.add(key)
    if (cid.code === RAW && !leaves && tsize !== null) {
      yield { cid, bytes: null, size: tsize }
      continue
    }
    const bytes = await loadBlock(cid, reader)
    yield { cid, bytes, size: bytes.byteLength }
    for (const { Hash, Tsize = 0 } of followedLinks(cid, bytes).toReversed()) {
      if (!seen.has(keyOf(Hash))) stack.push({ cid: Hash, tsize: Tsize })
    }
  }
}

/**
 * The blocks of one thing alone: of a file or a range of it, of a directory with its sub-shards but without its entries, of
 * a symlink; each once. This is `dag-scope=entity` of the trustless gateway specification.
 *
 * @param range only for files; what lies beyond the end is left out
 * @throws DagError `bad-block`, `missing-block`, `too-deep`, `bad-range`
 */
export async function* walkEntity(cid: CID, reader: BlockReader, range?: ByteRange): AsyncGenerator<Block> {
  const bytes = await loadBlock(cid, reader)
  const { kind } = parseNode(cid, bytes)
  if (kind === 'directory' || kind === 'symlink') {
    yield { cid, bytes }
    return
  }
  const seen = new Set<string>()
  for await (const block of kind === 'file' ? walkFile(cid, reader, range, true) : walkShards(cid, reader)) {
    const key = keyOf(block.cid)
    if (seen.has(key)) continue
    seen.add(key)
    yield { cid: block.cid, bytes: block.bytes }
  }
}

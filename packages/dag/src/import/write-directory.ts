import { encode } from '@ipld/dag-pb'
import { DAG_PB } from '../cids.ts'
import { DagError } from '../errors.ts'
import { SHARD_BITS, SHARD_THRESHOLD_BYTES } from '../limits.ts'
import { compareNames, printable } from '../names.ts'
import { hashOfName, shardLabel, shardLevels, shardPosition } from '../shard-labels.ts'
import type { NamedLink } from '../unixfs-node.ts'
import type { BlockSink, WrittenNode } from './block-sink.ts'
import { directoryData, shardData } from './unixfs-data.ts'

/** A directory that was put. */
export interface WrittenDirectory extends WrittenNode {
  /** Bytes of its first block. */
  blockSize: number
}

/**
 * Puts a directory: one block, or a HAMT where that block would be larger than SHARD_THRESHOLD_BYTES.
 *
 * @param links names each once, in any order; sorted in place
 * @throws DagError `too-deep` when names were made so that their hashes collide
 */
export async function writeDirectory(links: NamedLink[], sink: BlockSink): Promise<WrittenDirectory> {
  links.sort((one, other) => compareNames(one.name, other.name))
  // Names alone are past the threshold: no need to encode what will not be kept.
  const leastBytes = links.reduce((sum, link) => sum + link.name.length + link.cid.bytes.byteLength, 0)
  if (leastBytes <= SHARD_THRESHOLD_BYTES) {
    const block = encodeNode(directoryData(), links)
    if (block.byteLength <= SHARD_THRESHOLD_BYTES) return await writeNode(block, links, sink)
  }
  return await writeShard(
    links.map((link) => ({ link, hash: hashOfName(link.name) })),
    0,
    sink,
  )
}

interface Placed {
  link: NamedLink
  hash: bigint
}

async function writeShard(placed: readonly Placed[], depth: number, sink: BlockSink): Promise<WrittenDirectory> {
  if (depth >= shardLevels(SHARD_BITS)) {
    const names = placed.slice(0, 2).map(({ link }) => printable(link.name))
    throw new DagError(
      'too-deep',
      `the names ${names.join(' and ')} cannot stand in one large folder: their hashes are equal`,
    )
  }
  const byPosition = Map.groupBy(placed, ({ hash }) => shardPosition(hash, depth, SHARD_BITS))
  const positions = [...byPosition.keys()].toSorted((one, other) => one - other)
  const links: NamedLink[] = []
  for (const position of positions) {
    const here = byPosition.get(position) ?? []
    const [first] = here
    if (first === undefined) continue
    const label = shardLabel(position, SHARD_BITS)
    if (here.length === 1) links.push({ ...first.link, name: label + first.link.name })
    else links.push({ name: label, ...(await writeShard(here, depth + 1, sink)) })
  }
  return await writeNode(encodeNode(shardData(positions), links), links, sink)
}

async function writeNode(block: Uint8Array, links: readonly NamedLink[], sink: BlockSink): Promise<WrittenDirectory> {
  const tsize = links.reduce((sum, link) => sum + link.tsize, block.byteLength)
  return { cid: await sink.put(DAG_PB, block), tsize, blockSize: block.byteLength }
}

/** @param links in the order of their names' UTF-8 bytes */
function encodeNode(Data: Uint8Array, links: readonly NamedLink[]): Uint8Array {
  return encode({ Data, Links: links.map(({ name, cid, tsize }) => ({ Hash: cid, Name: name, Tsize: tsize })) })
}

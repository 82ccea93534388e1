import type { CID } from 'multiformats/cid'
import { loadBlock, type Block, type BlockReader } from './blocks.ts'
import { keyOf } from './cids.ts'
import { DagError } from './errors.ts'
import { badBlock } from './links.ts'
import { hashOfName, labelLength, shardLabel, shardLevels, shardPosition } from './shard-labels.ts'
import { onlyLink, parseNode, type NamedLink, type ShardNode } from './unixfs-node.ts'

/** One block of a sharded directory, and the entries in it, their names freed of labels. */
export interface Shard extends Block {
  entries: NamedLink[]
}

/**
 * All blocks of a sharded directory, depth first. Each name must stand where its hash says, so that a listing and a search
 * by name never differ.
 *
 * @throws DagError `bad-block`, `missing-block`, `too-deep`
 */
export async function* walkShards(root: CID, reader: BlockReader): AsyncGenerator<Shard> {
  const seen = new Set<string>()
  let bits: number | null = null
  const stack: { cid: CID; positions: number[] }[] = [{ cid: root, positions: [] }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { cid, positions } = next
    // A bomb: different names never make two equal sub-shards, so a repeat is there to be walked for ever.
    if (seen.has(keyOf(cid))) throw badBlock(cid, 'stands twice in one sharded directory')
    seen.add(keyOf(cid))
    const bytes = await loadBlock(cid, reader)
    const node = parseShard(cid, bytes, bits)
    bits = node.bits
    if (positions.length >= shardLevels(bits)) throw tooDeep(root)
    const { entries, below } = splitLinks(cid, node, positions)
    yield { cid, bytes, entries }
    stack.push(...below.toReversed())
  }
}

/**
 * Follows a name's hash down to its entry.
 *
 * @param passed gets the CIDs of the sub-shards on the way
 * @returns null when there is none
 * @throws DagError `bad-block`, `missing-block`, `too-deep`, `unsafe-name` when it stands there twice
 */
export async function findInShards(
  root: CID,
  node: ShardNode,
  name: string,
  reader: BlockReader,
  passed: CID[],
): Promise<NamedLink | null> {
  const { bits } = node
  const hash = hashOfName(name)
  let { links } = node
  for (let depth = 0; depth < shardLevels(bits); depth++) {
    const label = shardLabel(shardPosition(hash, depth, bits), bits)
    const found = onlyLink(root, links, label + name)
    if (found !== null) return { ...found, name }
    const below = onlyLink(root, links, label)
    if (below === null) return null
    ;({ links } = parseShard(below.cid, await loadBlock(below.cid, reader), bits))
    passed.push(below.cid)
  }
  throw tooDeep(root)
}

/** @param bits what the shards above have; null at the root */
function parseShard(cid: CID, bytes: Uint8Array, bits: number | null): ShardNode {
  const node = parseNode(cid, bytes)
  if (node.kind !== 'shard') throw badBlock(cid, 'stands where a part of a sharded directory is expected')
  if (bits !== null && node.bits !== bits)
    throw badBlock(cid, 'has another fanout than the directory that it is a part of')
  return node
}

function splitLinks(
  cid: CID,
  { links, bits }: ShardNode,
  positions: number[],
): { entries: NamedLink[]; below: { cid: CID; positions: number[] }[] } {
  const entries: NamedLink[] = []
  const below: { cid: CID; positions: number[] }[] = []
  const taken = new Set<number>()
  const labelEnd = labelLength(bits)
  for (const link of links) {
    const label = link.name.slice(0, labelEnd)
    const position = Number.parseInt(label, 16)
    if (!(position < 2 ** bits) || label !== shardLabel(position, bits))
      throw badBlock(cid, 'has a link whose name begins with no position')
    const path = [...positions, position]
    if (link.name.length === labelEnd) {
      if (taken.has(position)) throw badBlock(cid, 'has two parts for one position')
      taken.add(position)
      below.push({ cid: link.cid, positions: path })
    } else {
      const name = link.name.slice(labelEnd)
      const hash = hashOfName(name)
      if (path.some((at, depth) => at !== shardPosition(hash, depth, bits)))
        throw badBlock(cid, 'has a name that stands in the wrong place of a sharded directory')
      entries.push({ ...link, name })
    }
  }
  return { entries, below }
}

function tooDeep(cid: CID): DagError {
  return new DagError(
    'too-deep',
    `the sharded directory ${cid.toString()} is nested deeper than a name's hash reaches`,
    { cid },
  )
}

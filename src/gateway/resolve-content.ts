/** From a content path to the block at its end, as path-gateway "Content resolution" has it. */
import { DagError, resolvePath, type BlockReader, type EntryType } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import { followPath, isUnixFs, DAG_CBOR } from './block-links.ts'
import { loadBlock, RecordingReader } from './block-readers.ts'
import { printable } from './answers.ts'

/** What a content path leads to. */
export interface FoundContent {
  cid: CID
  /** null for what is no UnixFS: an entity of one block. */
  type: EntryType | null
  /** Bytes of a file's content; 0 for anything else. */
  size: number
  /** The blocks that prove the way, in order; without the one at its end. */
  passed: CID[]
  /** One CID for each name of the path, the root first (`X-Ipfs-Roots`). */
  roots: CID[]
}

export interface NoContent {
  status: 404 | 501
  reason: string
}

/**
 * @param root its block is held
 * @returns what is there; or status and reason: no such name, a block that is not held, bytes that are no tree
 */
export async function resolveContent(
  root: CID,
  segments: readonly string[],
  blocks: BlockReader,
): Promise<FoundContent | NoContent> {
  try {
    return await resolve(root, segments, blocks)
  } catch (error) {
    // What a tree holds is its maker's business: no error of ours. Anything else is.
    if (error instanceof DagError) return { status: 404, reason: `this path cannot be followed: ${error.code}` }
    throw error
  }
}

async function resolve(root: CID, segments: readonly string[], blocks: BlockReader): Promise<FoundContent | NoContent> {
  const passed: CID[] = []
  const roots = [root]
  let cid = root
  let rest = segments
  while (rest.length > 0) {
    const step = await follow(cid, rest, blocks)
    if ('status' in step) return step
    passed.push(...step.passed)
    roots.push(step.cid)
    ;({ cid, rest } = step)
  }
  return { cid, ...(await describe(cid, blocks)), passed, roots }
}

interface Step {
  cid: CID
  passed: CID[]
  rest: readonly string[]
}

async function follow(cid: CID, path: readonly string[], blocks: BlockReader): Promise<Step | NoContent> {
  const [name = '', ...rest] = path
  if (cid.code === DAG_CBOR) return await followCbor(cid, path, blocks)
  const entry = isUnixFs(cid) ? await findEntry(cid, name, blocks) : null
  if (entry === null) return { status: 404, reason: `there is no "${printable(name)}" on this path` }
  return { ...entry, rest }
}

/** One name at a time, so that sharded folders count as one root of the path. */
async function findEntry(
  directory: CID,
  name: string,
  blocks: BlockReader,
): Promise<{ cid: CID; passed: CID[] } | null> {
  const reader = new RecordingReader(blocks)
  try {
    return await resolvePath(directory, name, reader)
  } catch (error) {
    const target = error instanceof DagError && error.code === 'bad-block' ? error.cid : null
    if (target === null || isUnixFs(target)) throw error
    // The name is there, but leads out of UnixFS: everything read before it proves the way.
    const passed = reader.take().map((block) => block.cid)
    return { cid: target, passed: passed.filter((one) => !one.equals(target)) }
  }
}

async function followCbor(cid: CID, path: readonly string[], blocks: BlockReader): Promise<Step | NoContent> {
  const bytes = await loadBlock(cid, blocks)
  const inner = followPath(cid, bytes, path)
  if (inner === 'missing') return { status: 404, reason: 'there is no such name on this path' }
  if (inner === 'inside') return { status: 501, reason: 'this path ends inside a block' }
  return { cid: inner.link, passed: [cid], rest: inner.rest }
}

async function describe(cid: CID, blocks: BlockReader): Promise<{ type: EntryType | null; size: number }> {
  if (!isUnixFs(cid)) {
    await loadBlock(cid, blocks)
    return { type: null, size: 0 }
  }
  try {
    const node = await resolvePath(cid, '', blocks)
    return { type: node?.type ?? null, size: node?.size ?? 0 }
  } catch (error) {
    // DAG-PB that is no UnixFS: a block like any other.
    if (error instanceof DagError && error.code === 'bad-block') return { type: null, size: 0 }
    throw error
  }
}

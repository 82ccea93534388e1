/** Walks from roots over the blocks of one store, each once, whatever is missing on the way. */
import { setImmediate } from 'node:timers/promises'
import { DagError, linksOf } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import { DAG_PB, isIdentity } from './block-cid.ts'
import type { BlockStore } from './block-store.ts'
import { damagedBlock } from './errors.ts'
import type { IdSet } from './id-set.ts'
import { WALK_BLOCKS } from './limits.ts'
import { sha256 } from './sha256.ts'

/** Told what a walk cannot follow; it may throw to end the walk. */
export interface WalkProblems {
  /** A block that is not here. */
  missing(cid: CID): void
  /** A block that fits its hash and is no valid node all the same: whoever made it linked to nothing. */
  malformed(cid: CID, cause: DagError): void
}

/**
 * @param stack roots to begin with; emptied. More may be pushed while the walk goes on.
 * @param seen ids of blocks that were passed before; grows
 * @throws StoreError 'damaged' for a directory or file node that does not fit its hash: what it linked to is unknown, so
 *   nobody may take the rest for garbage
 */
export async function walkHeld(store: BlockStore, stack: CID[], seen: IdSet, problems: WalkProblems): Promise<void> {
  for (let passed = 1; ; passed++) {
    const cid = stack.pop()
    if (cid === undefined) return
    if (passed % WALK_BLOCKS === 0) await setImmediate()
    for (const link of linksInto(store, cid, seen, problems)) stack.push(link)
  }
}

function linksInto(store: BlockStore, cid: CID, seen: IdSet, problems: WalkProblems): CID[] {
  const bytes = isIdentity(cid) ? cid.multihash.digest : newNode(store, cid, seen, problems)
  if (bytes === null || cid.code !== DAG_PB) return []
  try {
    return linksOf(cid, bytes)
  } catch (error) {
    if (!(error instanceof DagError)) throw error
    problems.malformed(cid, error)
    return []
  }
}

/** @returns the bytes of a node that was not passed before; null for every other block */
function newNode(store: BlockStore, cid: CID, seen: IdSet, problems: WalkProblems): Uint8Array | null {
  const found = store.locate(cid)
  if (found === null) {
    problems.missing(cid)
    return null
  }
  if (!seen.add(found.id) || cid.code !== DAG_PB) return null
  const bytes = store.readAt(cid, found)
  if (Buffer.compare(sha256(bytes), cid.multihash.digest) !== 0) throw damagedBlock(cid)
  return bytes
}

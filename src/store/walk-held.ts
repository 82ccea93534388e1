/** Walks from roots over the blocks of one store, each once, whatever is missing on the way. */
import { setImmediate } from 'node:timers/promises'
import { linksOf } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import { DAG_PB, isIdentity } from './block-cid.ts'
import type { BlockStore } from './block-store.ts'
import { damagedBlock } from './errors.ts'
import type { IdSet } from './id-set.ts'
import { WALK_BLOCKS } from './limits.ts'
import { sha256 } from './sha256.ts'

/**
 * @param stack roots to begin with; emptied. More may be pushed while the walk goes on.
 * @param seen ids of blocks that were passed before; grows
 * @param onMissing told of each CID that is not here
 * @throws StoreError 'damaged' for a directory or file node that does not fit its hash: what it linked to is unknown, so
 *   nobody may take the rest for garbage
 */
export async function walkHeld(
  store: BlockStore,
  stack: CID[],
  seen: IdSet,
  onMissing: (cid: CID) => void,
): Promise<void> {
  for (let passed = 1; ; passed++) {
    const cid = stack.pop()
    if (cid === undefined) return
    if (passed % WALK_BLOCKS === 0) await setImmediate()
    stack.push(...linksInto(store, cid, seen, onMissing))
  }
}

function linksInto(store: BlockStore, cid: CID, seen: IdSet, onMissing: (cid: CID) => void): CID[] {
  if (isIdentity(cid)) return cid.code === DAG_PB ? linksOf(cid, cid.multihash.digest) : []
  const found = store.locate(cid)
  if (found === null) {
    onMissing(cid)
    return []
  }
  if (!seen.add(found.id) || cid.code !== DAG_PB) return []
  const bytes = store.readAt(cid, found)
  if (Buffer.compare(sha256(bytes), cid.multihash.digest) !== 0) throw damagedBlock(cid)
  return linksOf(cid, bytes)
}

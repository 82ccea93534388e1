/** The store as bitswap sees it: blocks to be served, and nothing that a stranger pushes is ever kept. */
import type { Blockstore, InputPair, Pair } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'
import type { BlockStore } from './block-store.ts'

/** helia's bitswap knows a missing block by this name (interface-store, NotFoundError). */
class NotFoundError extends Error {
  override name = 'NotFoundError'
}

/**
 * @returns a blockstore whose `get` and `has` read the store without holding anything back from a collection, and whose
 *   `put` and `delete` do nothing
 */
export function readOnlyBlockstore(store: BlockStore): Blockstore {
  return {
    has: (cid) => store.sizeOf(cid) !== null,
    get: (cid) => oneBlock(store, cid),
    async *getMany(cids): AsyncGenerator<Pair> {
      for await (const cid of cids) yield { cid, bytes: oneBlock(store, cid) }
    },
    async *getAll(): AsyncGenerator<Pair> {
      for (const cid of store.cids()) yield { cid, bytes: oneBlock(store, cid) }
    },
    put: (cid) => cid,
    async *putMany(pairs: Iterable<InputPair> | AsyncIterable<InputPair>): AsyncGenerator<CID> {
      for await (const { cid } of pairs) yield cid
    },
    delete: () => undefined,
    async *deleteMany(cids): AsyncGenerator<CID> {
      for await (const cid of cids) yield cid
    },
  }
}

async function* oneBlock(store: BlockStore, cid: CID): AsyncGenerator<Uint8Array> {
  const bytes = await store.get(cid)
  if (bytes === null) throw new NotFoundError(`block ${cid.toString()} is not here`)
  yield bytes
}

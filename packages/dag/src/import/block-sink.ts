import type { CID } from 'multiformats/cid'
import type { BlockWriter, Hashing } from '../blocks.ts'
import { cidOf, type DAG_PB, type RAW } from '../cids.ts'

/** Hashes what is made here and puts it into a store. */
export class BlockSink {
  readonly #store: BlockWriter
  readonly #hashing: Hashing
  /** Blocks put, equal ones counted each time. */
  blocks = 0

  constructor(store: BlockWriter, hashing: Hashing) {
    this.#store = store
    this.#hashing = hashing
  }

  async put(codec: typeof RAW | typeof DAG_PB, bytes: Uint8Array): Promise<CID> {
    const cid = await cidOf(codec, bytes, this.#hashing)
    await this.#store.put(cid, bytes)
    this.blocks++
    return cid
  }
}

/** A node that was put, as its parent links to it. */
export interface WrittenNode {
  cid: CID
  /** Bytes of its block and all blocks below, repeats counted: the Tsize of a link to it. */
  tsize: number
}

/** Readers of blocks as the gateway needs them, around the store that it is given. */
import { DagError, type BlockReader } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import { isIdentity } from './content-path.ts'
import type { ServedBlocks } from './context.ts'

/** Blocks as the gateway sees them: what an identity CID holds is always there, whatever the store says. */
export function withIdentity(blocks: ServedBlocks): ServedBlocks {
  return {
    has: async (cid) => isIdentity(cid) || (await blocks.has(cid)),
    get: async (cid) => (isIdentity(cid) ? cid.multihash.digest : await blocks.get(cid)),
    sizeOf: (cid) => (isIdentity(cid) ? cid.multihash.digest.length : blocks.sizeOf(cid)),
  }
}

/** @throws DagError `missing-block` */
export async function loadBlock(cid: CID, blocks: BlockReader): Promise<Uint8Array> {
  const bytes = await blocks.get(cid)
  if (bytes === null) throw new DagError('missing-block', `the block ${cid.toString()} is not there`, { cid })
  return bytes
}

/** Remembers what was read through it, in order, repeats included: the way that a reader of the same blocks must go. */
export class RecordingReader implements BlockReader {
  readonly #blocks: BlockReader
  #read: { cid: CID; bytes: Uint8Array }[] = []

  constructor(blocks: BlockReader) {
    this.#blocks = blocks
  }

  has(cid: CID): Promise<boolean> {
    return this.#blocks.has(cid)
  }

  async get(cid: CID): Promise<Uint8Array | null> {
    const bytes = await this.#blocks.get(cid)
    if (bytes !== null) this.#read.push({ cid, bytes })
    return bytes
  }

  /** @returns what was read since the last call */
  take(): { cid: CID; bytes: Uint8Array }[] {
    const read = this.#read
    this.#read = []
    return read
  }
}

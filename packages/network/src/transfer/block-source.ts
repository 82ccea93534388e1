import type { Block, BlockReader } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'

/** Somebody who may have blocks. */
export interface BlockSource {
  /** Peer id or URL, as it stands in `sources`. */
  readonly name: string
  /**
   * Yields those of `cids` that it has, in any order, each once and under the CID that was asked; not verified.
   *
   * @throws NetworkError when it cannot be asked, `lied` or `too-large` when its answer breaks the rules; DagError likewise.
   *   Anything else ends the whole fetch
   */
  fetchBlocks(cids: readonly CID[], signal: AbortSignal): AsyncIterable<Block>
  /** Whether it holds a block (CID in base32); left out by a source that may be asked for all. */
  offers?(key: string): boolean
  /** Whether it fetches that block itself from a source that holds all. */
  asks?(key: string): boolean
  /** Whether it may come to hold more. @param now milliseconds, as performance.now() */
  grows?(now: number): boolean
}

/** What is held on this machine already, e.g. by a mirror of the same user: costs nothing. */
export class LocalSource implements BlockSource {
  readonly name: string
  readonly #blocks: BlockReader

  constructor(name: string, blocks: BlockReader) {
    this.name = name
    this.#blocks = blocks
  }

  async *fetchBlocks(cids: readonly CID[]): AsyncGenerator<Block> {
    for (const cid of cids) {
      const bytes = await this.#blocks.get(cid)
      if (bytes !== null) yield { cid, bytes }
    }
  }
}

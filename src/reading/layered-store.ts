/** Blocks that are held already, then those fetched; what comes is put into the latter alone. */
import type { BlockReader, BlockWriter } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import type { FetchStore } from '../archives/fetch-release.ts'

export class LayeredStore implements BlockReader, BlockWriter {
  readonly #held: BlockReader | null
  readonly #own: FetchStore

  constructor(held: BlockReader | null, own: FetchStore) {
    this.#held = held
    this.#own = own
  }

  async has(cid: CID): Promise<boolean> {
    return (await this.#own.has(cid)) || (this.#held !== null && (await this.#held.has(cid)))
  }

  async get(cid: CID): Promise<Uint8Array | null> {
    return (await this.#own.get(cid)) ?? (await this.#held?.get(cid)) ?? null
  }

  async put(cid: CID, bytes: Uint8Array): Promise<void> {
    await this.#own.put(cid, bytes)
  }

  async flush(): Promise<void> {
    await this.#own.flush?.()
  }
}

/** Blocks in memory: for a few directories on the way to a path. */
export class MemoryStore implements BlockReader, BlockWriter {
  readonly #blocks = new Map<string, Uint8Array>()

  async has(cid: CID): Promise<boolean> {
    return this.#blocks.has(cid.toString())
  }

  async get(cid: CID): Promise<Uint8Array | null> {
    return this.#blocks.get(cid.toString()) ?? null
  }

  async put(cid: CID, bytes: Uint8Array): Promise<void> {
    this.#blocks.set(cid.toString(), bytes)
  }
}

/** Reads from a store, and brings what is missing from elsewhere first. */
export class FetchingReader implements BlockReader {
  readonly #store: BlockReader
  readonly #bring: (cid: CID) => Promise<void>

  /** @param bring puts the block into the store, or throws saying why it cannot be had */
  constructor(store: BlockReader, bring: (cid: CID) => Promise<void>) {
    this.#store = store
    this.#bring = bring
  }

  async has(cid: CID): Promise<boolean> {
    return await this.#store.has(cid)
  }

  async get(cid: CID): Promise<Uint8Array | null> {
    const held = await this.#store.get(cid)
    if (held !== null) return held
    await this.#bring(cid)
    return await this.#store.get(cid)
  }
}

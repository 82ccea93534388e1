/** The writing half of a store: blocks that have no row in the index yet, and how they get one. */
import type { CID } from 'multiformats/cid'
import type { BlockIndex, IndexedBlock } from './block-index.ts'
import { EARLY_FLUSH_BYTES, MAX_PENDING_BLOCKS, MAX_PENDING_BYTES } from './limits.ts'
import type { PackWriter } from './pack-writer.ts'
import { encodeHeader } from './section.ts'

export class BlockAppender {
  readonly writer: PackWriter
  readonly #index: BlockIndex
  /** Put since the last flush began. */
  #pending = new Map<string, IndexedBlock>()
  /** Those that a flush is making durable. */
  #syncing = new Map<string, IndexedBlock>()
  #pendingBytes = 0
  #nextId: number
  /** How far packs are durable, where the index does not know it yet. */
  readonly #ends = new Map<number, number>()
  #flushing: Promise<void> = Promise.resolve()
  #nextFlush: Promise<void> | null = null
  /** Whether an early flush is under way, or the last one failed: then the next is that of somebody who hears of it. */
  #early = false

  constructor(index: BlockIndex, writer: PackWriter) {
    this.#index = index
    this.writer = writer
    this.#nextId = index.counter('nextId')
  }

  /** Whether so much waits for a flush that the next put should bring one. */
  get isFull(): boolean {
    return this.#pending.size >= MAX_PENDING_BLOCKS || this.#pendingBytes >= MAX_PENDING_BYTES
  }

  /** Begins to make durable what waits, when that is much; nobody waits for it. */
  flushEarly(): void {
    if (this.#early || this.#pendingBytes < EARLY_FLUSH_BYTES) return
    this.#early = true
    this.flush().then(
      () => (this.#early = false),
      () => {}, // The blocks still wait, and whoever flushes meets the same.
    )
  }

  /** @returns where a block lies that has no row yet, or null */
  find(digest: Uint8Array): IndexedBlock | null {
    const key = keyOf(digest)
    return this.#pending.get(key) ?? this.#syncing.get(key) ?? null
  }

  /** @returns all blocks that have no row yet */
  unindexed(): IndexedBlock[] {
    return [...this.#pending.values(), ...this.#syncing.values()]
  }

  /**
   * @param bytes of a block that is not here yet; copied
   * @returns its id
   * @throws StoreError 'disk-full' or 'io', and then nothing has changed
   */
  append(cid: CID, bytes: Uint8Array): number {
    const digest = cid.multihash.digest.slice()
    const { pack, offset } = this.writer.append(encodeHeader(digest, cid.code, bytes.length), bytes)
    const id = this.#nextId
    this.#nextId += 1
    this.#pending.set(keyOf(digest), { digest, id, codec: cid.code, pack, offset, size: bytes.length })
    this.#pendingBytes += bytes.length
    return id
  }

  /**
   * Everything appended before is durable once this resolves; appends may go on meanwhile.
   *
   * @throws StoreError 'disk-full': the blocks stay here and a later flush may succeed; 'io': the disk fails
   */
  flush(): Promise<void> {
    // Whoever comes while one is under way waits for the next one, all for the same.
    this.#nextFlush ??= this.#flushing.then(() => {
      this.#nextFlush = null
      const flushed = this.#flushNow()
      this.#flushing = flushed.catch(() => undefined)
      return flushed
    })
    return this.#nextFlush
  }

  async #flushNow(): Promise<void> {
    await this.writer.settle()
    // From here to the first fsync nothing else runs: what is recorded below is what lies in the packs so far.
    this.writer.drain()
    const blocks = this.#pending
    const nextId = this.#nextId
    this.#syncing = blocks
    this.#pending = new Map()
    this.#pendingBytes = 0
    try {
      for (const [pack, end] of await this.writer.sync()) this.#ends.set(pack, end)
      if (blocks.size > 0) this.#record(blocks, nextId)
    } catch (error) {
      for (const [key, block] of this.#pending) blocks.set(key, block)
      this.#pending = blocks
      this.#pendingBytes = [...blocks.values()].reduce((sum, block) => sum + block.size, 0)
      throw error
    } finally {
      this.#syncing = new Map()
    }
  }

  #record(blocks: Map<string, IndexedBlock>, nextId: number): void {
    this.#index.transaction(() => {
      this.#index.insert(blocks.values())
      for (const [pack, end] of this.#ends) this.#index.setIndexedTo(pack, end)
      this.#index.setCounter('nextId', nextId)
      this.#index.setCounter('lastPack', this.writer.lastPack)
    })
    this.#ends.clear()
  }
}

/** One character a byte: the shortest string that a Map can tell digests apart by. */
function keyOf(digest: Uint8Array): string {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).toString('latin1')
}

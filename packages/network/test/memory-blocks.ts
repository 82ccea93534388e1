/** Blocks in memory, and sources that behave as they are told. */
import { createHash, hash } from 'node:crypto'
import type { Block, BlockReader, BlockWriter } from '@holdfast/dag'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import type { BlockSource } from '../src/index.ts'

const RAW = 0x55
const SHA2_256 = 0x12

export class MemoryBlocks implements BlockReader, BlockWriter {
  readonly blocks = new Map<string, Uint8Array>()
  /** Each call of put, in order. */
  readonly puts: string[] = []

  static of(blocks: Iterable<Block>): MemoryBlocks {
    const store = new MemoryBlocks()
    for (const { cid, bytes } of blocks) store.blocks.set(cid.toString(), bytes)
    return store
  }

  async has(cid: CID): Promise<boolean> {
    return await Promise.resolve(this.blocks.has(cid.toString()))
  }

  async get(cid: CID): Promise<Uint8Array | null> {
    return await Promise.resolve(this.blocks.get(cid.toString()) ?? null)
  }

  async put(cid: CID, bytes: Uint8Array): Promise<void> {
    this.puts.push(cid.toString())
    this.blocks.set(cid.toString(), bytes)
    await Promise.resolve()
  }
}

/** A raw block of these bytes. */
export function blockOf(bytes: Uint8Array): Block {
  return { cid: CID.createV1(RAW, Digest.create(SHA2_256, hash('sha256', bytes, 'buffer'))), bytes }
}

/** `count` different raw blocks of `size` bytes, the same in every run. */
export function sampleBlocks(count: number, size = 1000): Block[] {
  return Array.from({ length: count }, (_, i) => {
    const seed = createHash('sha256').update(`block ${i}`).digest()
    return blockOf(Uint8Array.from({ length: size }, (__, at) => (seed[at % 32] ?? 0) ^ (at & 0xff)))
  })
}

/** What a source does with each request: yields, waits, throws. */
export type Behaviour = (cids: readonly CID[], signal: AbortSignal) => AsyncIterable<Block>

/** A source that counts what it is asked and what it gives. */
export class FakeSource implements BlockSource {
  readonly name: string
  readonly requests: string[][] = []
  /** Requests under way, and the most there were. */
  running = 0
  most = 0
  given = 0
  readonly #behaviour: Behaviour

  constructor(name: string, behaviour: Behaviour) {
    this.name = name
    this.#behaviour = behaviour
  }

  async *fetchBlocks(cids: readonly CID[], signal: AbortSignal): AsyncGenerator<Block> {
    this.requests.push(cids.map(String))
    this.most = Math.max(this.most, ++this.running)
    try {
      for await (const block of this.#behaviour(cids, signal)) {
        this.given++
        yield block
      }
    } finally {
      this.running--
    }
  }
}

/** Gives what it has, one turn of the loop for each block. */
export function honest(blocks: readonly Block[]): Behaviour {
  const held = new Map(blocks.map((block) => [block.cid.toString(), block]))
  return async function* (cids) {
    for (const cid of cids) {
      await turn()
      const block = held.get(cid.toString())
      if (block !== undefined) yield block
    }
  }
}

export async function turn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve)
  })
}

/** Never gives anything, and heeds no signal. */
export function stuck(): Behaviour {
  return async function* () {
    await new Promise(() => {})
    yield* []
  }
}

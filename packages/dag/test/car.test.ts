import { CarReader, CarWriter } from '@ipld/car'
import type { CID } from 'multiformats/cid'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCar, writeCar, type Block } from '../src/index.ts'
import { collect, joined, MemoryBlocks } from './memory-blocks.ts'

const limits = { maxBlockBytes: 100_000 }
const contents = fc.array(
  fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ minLength: 60_000, maxLength: 70_000, size: 'max' })),
  { maxLength: 8 },
)

function blocksFrom(all: Uint8Array[]): Block[] {
  const blocks = new MemoryBlocks()
  return all.map((bytes) => ({ cid: blocks.raw(bytes), bytes }))
}

async function carOf(roots: CID[], blocks: Block[]): Promise<Uint8Array> {
  return await joined(writeCar(roots, blocks))
}

function pieces(bytes: Uint8Array, step: number): ReadableStream<Uint8Array> {
  const count = Math.ceil(bytes.length / step)
  return ReadableStream.from(Array.from({ length: count }, (_, at) => bytes.subarray(at * step, (at + 1) * step)))
}

function sameBlocks(one: Block[], other: Block[]): void {
  expect(one.map(({ cid }) => cid.toString())).toEqual(other.map(({ cid }) => cid.toString()))
  for (const [at, { bytes }] of one.entries())
    expect(Buffer.compare(bytes, other[at]?.bytes ?? new Uint8Array(1))).toBe(0)
}

describe('a CAR', () => {
  it('gives back the blocks that it was made of, however its stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(contents, fc.constantFrom(13, 1000, 65_536, 1_000_000), async (all, step) => {
        const blocks = blocksFrom(all)
        const bytes = await carOf(
          blocks.slice(0, 1).map(({ cid }) => cid),
          blocks,
        )
        sameBlocks(await collect(readCar(pieces(bytes, step), limits)), blocks)
      }),
      { numRuns: 40 },
    )
  })

  it('is understood by @ipld/car, and the other way round', async () => {
    const blocks = blocksFrom([new Uint8Array(0), new Uint8Array(70_000), new TextEncoder().encode('three')])
    const roots = blocks.map(({ cid }) => cid)
    const theirs = await CarReader.fromBytes(await carOf(roots, blocks))
    expect((await theirs.getRoots()).map(String)).toEqual(roots.map(String))
    sameBlocks(await collect(theirs.blocks()), blocks)

    const { writer, out } = CarWriter.create(roots)
    const written = joined(out)
    for (const block of blocks) await writer.put(block)
    await writer.close()
    expect(Buffer.compare(await written, await carOf(roots, blocks))).toBe(0)
  })

  it('ends its source when the reader has enough', async () => {
    let ended = false
    const bytes = await carOf([], blocksFrom([new Uint8Array(10), new Uint8Array(20)]))
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield* pieces(bytes, 50)
      } finally {
        ended = true
      }
    }
    for await (const { bytes: first } of readCar(source(), limits)) {
      expect(first).toHaveLength(10)
      break
    }
    expect(ended).toBe(true)
  })

  it('lets errors of its source through as they are', async () => {
    const reset = new Error('connection reset')
    const car = await carOf([], blocksFrom([new Uint8Array(50)]))
    for (const begin of [new Uint8Array(0), car.subarray(0, 40)]) {
      const source = pieces(begin, 30)
      const broken = source.pipeThrough(
        new TransformStream({
          flush: () => {
            throw reset
          },
        }),
      )
      await expect(collect(readCar(broken, limits))).rejects.toBe(reset)
    }
  })
})

/** Random and damaged bytes: whatever they are, a DagError comes out, never another error, and never an endless loop. */
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CHUNK_BYTES,
  DagError,
  importTree,
  linksOf,
  listDirectory,
  listTree,
  readCar,
  readFile,
  readManifest,
  resolvePath,
  verifyBlock,
  walkDag,
  walkEntity,
  writeCar,
  writeManifest,
  type BlockReader,
} from '../src/index.ts'
import { file, folder } from './generated-trees.ts'
import { collect, hashing, joined, MemoryBlocks } from './memory-blocks.ts'

const dagPbCid = CID.createV1(0x70, createDigest(0x12, hashing.sha256(new Uint8Array())))

async function onlyDagErrors(run: () => Promise<unknown>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (!(error instanceof DagError)) throw error
  }
}

/** A store that hands out these bytes for every block, as if they had been verified. */
function always(bytes: Uint8Array): BlockReader {
  return { has: async () => await Promise.resolve(true), get: async () => await Promise.resolve(bytes) }
}

/** Everything that reads blocks, on these bytes as the root. Below it are the same bytes again, or good blocks. */
async function readAll(root: CID, reader: BlockReader): Promise<void> {
  const limits = { maxEntries: 5000, maxDepth: 20 }
  await onlyDagErrors(async () => await collect(walkDag(root, reader, { leaves: true })))
  await onlyDagErrors(async () => await collect(walkEntity(root, reader)))
  await onlyDagErrors(async () => await collect(listDirectory(root, reader)))
  await onlyDagErrors(async () => await collect(listTree(root, reader, limits)))
  await onlyDagErrors(async () => await collect(readFile(root, reader, { from: 0, to: 5000 })))
  await onlyDagErrors(async () => await collect(readManifest(root, reader, { maxBlocks: 5000 })))
  await onlyDagErrors(async () => await resolvePath(root, 'many/17/x', reader))
}

const original = new MemoryBlocks()
const many = Array.from({ length: 300 }, (_, at) => file(`many/${at}-${'n'.repeat(200)}`, `${at}`))
const sharded = Array.from({ length: 6000 }, (_, at) => file(`shards/${at}-${'n'.repeat(30)}`, `${at}`))
const { cid: root } = await importTree(
  [file('a', new Uint8Array(CHUNK_BYTES + 1)), folder('b'), ...many, ...sharded],
  original,
  hashing,
)
const { cid: manifest } = await writeManifest(root, original, hashing)
const nodes = [...original.blocks].filter(([cid]) => CID.parse(cid).code === 0x70 || cid === manifest.toString())

/** Good bytes with a few changed, left out, doubled or cut off. */
const damages = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    byte: fc.nat(255),
    kind: fc.constantFrom('change', 'drop', 'insert', 'cut', 'double'),
  }),
  { minLength: 1, maxLength: 4 },
)

function damaged(bytes: Uint8Array, all: { at: number; byte: number; kind: string }[]): Uint8Array {
  let result = [...bytes]
  for (const { at, byte, kind } of all) {
    const index = Math.floor(at * result.length)
    if (kind === 'change') result[index] = byte
    else if (kind === 'drop') result.splice(index, 1)
    else if (kind === 'insert') result.splice(index, 0, byte)
    else if (kind === 'cut') result = result.slice(0, index)
    else result.splice(index, 0, ...result.slice(index, index + 60))
  }
  return Uint8Array.from(result)
}

describe('random bytes', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    // What begins like a DAG-PB node goes deeper.
    fc.uint8Array({ maxLength: 300 }).map((tail) => Uint8Array.from([0x0a, 2, 8, tail.length % 6, ...tail])),
    fc
      .uint8Array({ maxLength: 300 })
      .map((tail) => Uint8Array.from([0x12, tail.length % 128, 0x0a, 36, ...dagPbCid.bytes, ...tail])),
  )

  it('as any block', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, async (random) => {
        await onlyDagErrors(async () => linksOf(dagPbCid, await Promise.resolve(random)))
        await readAll(dagPbCid, always(random))
        await readAll(CID.createV1(0x55, dagPbCid.multihash), always(random))
        expect(await verifyBlock(dagPbCid, random, hashing)).toBe(random.length === 0)
      }),
      { numRuns: 1000 },
    )
  })

  it('as a CAR', async () => {
    const header = await joined(writeCar([], []))
    await fc.assert(
      fc.asyncProperty(bytes, fc.boolean(), async (random, headed) => {
        const stream = ReadableStream.from(headed ? [header, random] : [random])
        await onlyDagErrors(async () => await collect(readCar(stream, { maxBlockBytes: 100 })))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('good blocks that were damaged', () => {
  it('anywhere in a tree', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...nodes.slice(0, 20), ...nodes.slice(-20)),
        damages,
        async ([cid, bytes], how) => {
          const bad = damaged(bytes, how)
          const reader: BlockReader = {
            has: async (asked) => await original.has(asked),
            get: async (asked) => (asked.toString() === cid ? bad : await original.get(asked)),
          }
          await readAll(CID.parse(cid), reader)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('in a CAR', async () => {
    const blocks = nodes.slice(0, 3).map(([cid, bytes]) => ({ cid: CID.parse(cid), bytes: bytes.subarray(0, 500) }))
    const car = await joined(writeCar([root], blocks))
    await fc.assert(
      fc.asyncProperty(damages, async (how) => {
        const stream = ReadableStream.from([damaged(car, how)])
        await onlyDagErrors(async () => await collect(readCar(stream, { maxBlockBytes: 1000 })))
      }),
      { numRuns: 1000 },
    )
  })
})

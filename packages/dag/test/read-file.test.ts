import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHUNK_BYTES, importTree, readFile, resolvePath } from '../src/index.ts'
import { file, generatedBytes, zeros } from './generated-trees.ts'
import { collect, hashing, joined, memoizedSha256, MemoryBlocks } from './memory-blocks.ts'

const blocks = new MemoryBlocks()
const bytes = generatedBytes(3 * CHUNK_BYTES + 100, 9)
const { cid: root } = await importTree([file('f', bytes), file('small', 'abc')], blocks, hashing)

async function cidAt(path: string): Promise<NonNullable<Awaited<ReturnType<typeof resolvePath>>>['cid']> {
  const node = await resolvePath(root, path, blocks)
  if (node === null) throw new Error(`no ${path}`)
  return node.cid
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

describe('readFile', () => {
  it('reads any range as a slice of the whole', async () => {
    const cid = await cidAt('f')
    const edges = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, bytes.length - 1, bytes.length]
    const offsets = fc.oneof(fc.constantFrom(...edges), fc.nat(bytes.length + 1000))
    await fc.assert(
      fc.asyncProperty(offsets, offsets, async (one, other) => {
        const range = { from: Math.min(one, other), to: Math.max(one, other) }
        const read = await joined(readFile(cid, blocks, range))
        expect(Buffer.compare(read, bytes.subarray(range.from, range.to))).toBe(0)
      }),
      { numRuns: 50 },
    )
  })

  it('reads only the blocks that a range needs', async () => {
    const cid = await cidAt('f')
    blocks.reads = 0
    await collect(readFile(cid, blocks, { from: CHUNK_BYTES, to: CHUNK_BYTES + 10 }))
    expect(blocks.reads).toBe(2)
  })

  it('reads a file that is one raw block', async () => {
    const cid = await cidAt('small')
    expect(await joined(readFile(cid, blocks))).toEqual(bytesOf('abc'))
    expect(await joined(readFile(cid, blocks, { from: 1, to: Infinity }))).toEqual(bytesOf('bc'))
  })

  // Each side of where 32 bits end, with a sign and without.
  it.each([2049, 4097])('reads the end of a file of %i MiB', async (chunks) => {
    const large = new MemoryBlocks()
    const size = chunks * CHUNK_BYTES + 3
    const tree = await importTree([zeros('f', size)], large, { sha256: memoizedSha256() })
    const node = await resolvePath(tree.cid, 'f', large)
    expect(node?.size).toBe(size)
    const end = await joined(readFile(node?.cid ?? root, large, { from: size - 4, to: Infinity }))
    expect(end).toEqual(new Uint8Array(4))
  })

  it('refuses folders, symlinks and ranges that are none', async () => {
    await expect(collect(readFile(root, blocks))).rejects.toMatchObject({ code: 'not-a-file' })
    const link = blocks.node({ type: 'symlink', data: bytesOf('f') })
    await expect(collect(readFile(link, blocks))).rejects.toMatchObject({ code: 'not-a-file' })
    for (const range of [
      { from: -1, to: 2 },
      { from: 2, to: 1 },
      { from: 0.5, to: 1 },
      { from: 0, to: Number.NaN },
    ])
      await expect(collect(readFile(await cidAt('f'), blocks, range))).rejects.toMatchObject({ code: 'bad-range' })
  })

  it('reads files whose nodes hold content themselves, as other importers write them', async () => {
    const leaf = blocks.node({ type: 'raw', data: bytesOf('cd') })
    const other = blocks.node({ type: 'file', data: bytesOf('ef') })
    const whole = blocks.node({ type: 'file', data: bytesOf('ab'), blockSizes: [2n, 2n] }, [
      { cid: leaf },
      { cid: other },
    ])
    expect(await joined(readFile(whole, blocks))).toEqual(bytesOf('abcdef'))
    expect(await joined(readFile(whole, blocks, { from: 1, to: 5 }))).toEqual(bytesOf('bcde'))
  })
})

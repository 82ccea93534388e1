import { describe, expect, it } from 'vitest'
import type { CID } from 'multiformats/cid'
import { CHUNK_BYTES, importTree, linksOf, resolvePath, walkDag, walkEntity } from '../src/index.ts'
import { file, generatedBytes } from './generated-trees.ts'
import { collect, hashing, MemoryBlocks } from './memory-blocks.ts'

const blocks = new MemoryBlocks()
const large = generatedBytes(2 * CHUNK_BYTES + 1, 5)
const many = Array.from({ length: 8000 }, (_, at) => file(`many/${at}-${'n'.repeat(20)}`, `${at}`))
const { cid: root } = await importTree([file('a/large', large), file('b/again', large), ...many], blocks, hashing)

describe('walkDag', () => {
  it('comes by every block once, parents before children, in the order of links', async () => {
    const walked = await collect(walkDag(root, blocks, { leaves: true }))
    const cids = walked.map(({ cid }) => cid.toString())
    expect(new Set(cids)).toEqual(new Set(blocks.blocks.keys()))
    expect(cids).toHaveLength(blocks.blocks.size)
    expect(cids).toEqual(recursively(root, new Set()))
  })

  it('names raw leaves with their sizes without reading them', async () => {
    blocks.reads = 0
    const walked = await collect(walkDag(root, blocks))
    expect(blocks.reads).toBe(walked.filter(({ bytes }) => bytes !== null).length)
    expect(walked.every(({ cid, bytes }) => (bytes === null) === (cid.code === 0x55))).toBe(true)
    expect(walked.every(({ cid, size }) => blocks.blocks.get(cid.toString())?.byteLength === size)).toBe(true)
  })

  it('names the block that is missing', async () => {
    const some = new MemoryBlocks()
    const below = some.directory({})
    const top = some.directory({ below })
    some.delete(below)
    await expect(collect(walkDag(top, some))).rejects.toMatchObject({ code: 'missing-block', cid: below })
  })
})

/** The definition of pre-order, without a stack of its own. */
function recursively(cid: CID, seen: Set<string>): string[] {
  const key = cid.toString()
  if (seen.has(key)) return []
  seen.add(key)
  return [key, ...linksOf(cid, blocks.blocks.get(key) ?? new Uint8Array()).flatMap((link) => recursively(link, seen))]
}

/** The codecs of the blocks that walkEntity yields. */
async function kinds(path: string, range?: { from: number; to: number }): Promise<number[]> {
  const node = await resolvePath(root, path, blocks)
  const walked = await collect(walkEntity(node?.cid ?? root, blocks, range))
  for (const { cid, bytes } of walked) expect(blocks.blocks.get(cid.toString())).toBe(bytes)
  return walked.map(({ cid }) => cid.code)
}

describe('walkEntity', () => {
  it('yields a file, or what a range of it needs', async () => {
    expect(await kinds('a/large')).toEqual([0x70, 0x55, 0x55, 0x55])
    expect(await kinds('a/large', { from: CHUNK_BYTES, to: CHUNK_BYTES + 1 })).toEqual([0x70, 0x55])
  })

  it('yields a folder with its shards, without what is in it', async () => {
    expect(await kinds('a')).toEqual([0x70])
    const shards = await kinds('many')
    expect(shards.length).toBeGreaterThan(200)
    expect(new Set(shards)).toEqual(new Set([0x70]))
  })
})

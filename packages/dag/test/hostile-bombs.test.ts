/** Small DAGs that unfold into endless trees: one block that is linked a thousand times, level upon level. */
import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import {
  diffTrees,
  linksOf,
  listDirectory,
  listTree,
  readFile,
  resolvePath,
  walkDag,
  walkEntity,
  writeManifest,
} from '../src/index.ts'
import { collect, hashing, MemoryBlocks } from './memory-blocks.ts'

const LEVELS = 10
const WIDTH = 1000
const blocks = new MemoryBlocks()

function levels(leaf: CID, above: (below: CID, level: number) => CID, count = LEVELS): CID {
  let top = leaf
  for (let level = 0; level < count; level++) top = above(top, level)
  return top
}

describe('a folder that holds one folder a thousand times, ten levels deep', () => {
  const leaf = blocks.raw('x'.repeat(100))
  const names = Array.from({ length: WIDTH }, (_, at) => `${at}`)
  const bomb = levels(blocks.directory({ leaf }), (below) =>
    blocks.directory(Object.fromEntries(names.map((name) => [name, below]))),
  )

  it('is walked block by block', async () => {
    expect(await collect(walkDag(bomb, blocks))).toHaveLength(LEVELS + 2)
    expect(await writeManifest(bomb, blocks, hashing)).toMatchObject({ blocks: LEVELS + 2 })
  })

  it('is listed up to the limits of whoever lists it', async () => {
    await expect(collect(listTree(bomb, blocks, { maxEntries: 5000 }))).rejects.toMatchObject({ code: 'too-large' })
    await expect(collect(listTree(bomb, blocks, { maxDepth: 5 }))).rejects.toMatchObject({ code: 'too-deep' })
    expect(await collect(listDirectory(bomb, blocks))).toHaveLength(WIDTH)
  })

  it('is compared up to the limits of whoever compares it', async () => {
    const limits = { maxEntries: 5000 }
    await expect(collect(diffTrees(null, bomb, blocks, limits))).rejects.toMatchObject({ code: 'too-large' })
    await expect(collect(diffTrees(bomb, blocks.directory({}), blocks, limits))).rejects.toMatchObject({
      code: 'too-large',
    })
    await expect(collect(diffTrees(null, bomb, blocks, { maxDepth: 5 }))).rejects.toMatchObject({ code: 'too-deep' })
    expect(await collect(diffTrees(bomb, bomb, blocks, limits))).toEqual([])
  })

  it('is resolved like any other', async () => {
    expect(await resolvePath(bomb, `${'7/'.repeat(LEVELS)}leaf`, blocks)).toMatchObject({ size: 100 })
  })
})

it('files of many bytes are listed up to a limit of bytes', async () => {
  const large = blocks.node({ type: 'file', blockSizes: [100n] }, [{ cid: blocks.raw('x'.repeat(100)) }])
  const top = blocks.directory({ a: large, b: large, c: large })
  expect(await collect(listTree(top, blocks, { maxBytes: 300 }))).toHaveLength(3)
  await expect(collect(listTree(top, blocks, { maxBytes: 299 }))).rejects.toMatchObject({ code: 'too-large' })
})

describe('a file that repeats one part, ten levels deep', () => {
  const leaf = blocks.raw('x')
  const width = 30
  const bomb = levels(leaf, (below, level) =>
    blocks.node(
      { type: 'file', blockSizes: Array.from({ length: width }, () => BigInt(width) ** BigInt(level)) },
      Array.from({ length: width }, () => ({ cid: below })),
    ),
  )

  it('says its size, so that whoever reads it can refuse', async () => {
    expect(await resolvePath(bomb, '', blocks)).toMatchObject({ type: 'file', size: width ** LEVELS })
  })

  it('is served and walked block by block', async () => {
    expect(await collect(walkEntity(bomb, blocks))).toHaveLength(LEVELS + 1)
    const range = { from: 1_000_001, to: 500_000_000_000_000 }
    expect(await collect(walkEntity(bomb, blocks, range))).toHaveLength(LEVELS + 1)
  })

  it('is read in ranges without reading the rest', async () => {
    blocks.reads = 0
    expect(await collect(readFile(bomb, blocks, { from: 500_000_000_000_000, to: 500_000_000_000_003 }))).toHaveLength(
      3,
    )
    expect(blocks.reads).toBeLessThan(3 * LEVELS)
  })

  it('of more bytes than a number can count is refused', async () => {
    const huge = blocks.node({ type: 'file', blockSizes: [2n ** 52n, 2n ** 52n] }, [{ cid: leaf }, { cid: leaf }])
    await expect(collect(readFile(huge, blocks))).rejects.toMatchObject({ code: 'bad-block' })
  })

  it('of no bytes is read in one look', async () => {
    const empty = levels(blocks.raw(''), (below) =>
      blocks.node(
        { type: 'file', blockSizes: Array.from({ length: width }, () => 0n) },
        Array.from({ length: width }, () => ({ cid: below })),
      ),
    )
    blocks.reads = 0
    expect(await collect(readFile(empty, blocks))).toEqual([])
    expect(blocks.reads).toBe(1)
  })
})

function shard(links: { name: string; cid: CID; tsize?: number }[], fanout = 256n): CID {
  const data = Uint8Array.of(1)
  return blocks.node({ type: 'hamt-sharded-directory', fanout, hashType: 0x22n, data }, links)
}

describe('a sharded folder', () => {
  const labels = Array.from({ length: 256 }, (_, at) => at.toString(16).toUpperCase().padStart(2, '0'))

  it('that holds one empty shard everywhere is refused', async () => {
    const bomb = levels(shard([]), (below) => shard(labels.map((name) => ({ name, cid: below }))), 6)
    for (const run of [listDirectory(bomb, blocks), walkEntity(bomb, blocks), listTree(bomb, blocks)])
      await expect(collect<unknown>(run)).rejects.toMatchObject({ code: 'bad-block' })
    expect(await collect(walkDag(bomb, blocks))).toHaveLength(6 + 1)
  })

  it('that is nested deeper than a hash reaches is refused', async () => {
    const deep = levels(shard([]), (below) => shard([{ name: labels[0x85] ?? '', cid: below }]))
    await expect(collect(listDirectory(deep, blocks))).rejects.toMatchObject({ code: 'too-deep' })
    const name = 'a' // Its hash begins with 85 55 55.
    expect(await resolvePath(deep, name, blocks)).toBeNull()
  })

  it.each([0n, 1n, 2n, 7n, 2048n, 2n ** 60n])('with a fanout of %s is refused', async (fanout) => {
    await expect(collect(listDirectory(shard([], fanout), blocks))).rejects.toMatchObject({ code: 'bad-block' })
  })

  it('whose shards differ in fanout, or are no shards, is refused', async () => {
    for (const below of [shard([], 16n), blocks.directory({}), blocks.raw('x')]) {
      const top = shard([{ name: '85', cid: below }])
      await expect(collect(listDirectory(top, blocks))).rejects.toMatchObject({ code: 'bad-block' })
      await expect(resolvePath(top, 'a', blocks)).rejects.toMatchObject({ code: 'bad-block' })
    }
  })
})

describe('nesting', () => {
  it('of folders ends at the limit', async () => {
    let top = blocks.directory({})
    for (let level = 0; level < 200; level++) top = blocks.directory({ down: top })
    await expect(collect(listTree(top, blocks))).rejects.toMatchObject({ code: 'too-deep' })
    expect(await collect(walkDag(top, blocks))).toHaveLength(201)
  })

  it('of a file in nodes of one link ends at the limit', async () => {
    let top = blocks.raw('x')
    for (let level = 0; level < 200; level++) top = blocks.node({ type: 'file', blockSizes: [1n] }, [{ cid: top }])
    await expect(collect(readFile(top, blocks))).rejects.toMatchObject({ code: 'too-deep' })
    expect(linksOf(top, blocks.blocks.get(top.toString()) ?? new Uint8Array())).toHaveLength(1)
  })
})

/** What the disk does to a store: lost ends, foreign bytes, lost indexes, flipped bits. */
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { BlockStore } from '../../src/store/block-store.ts'
import { Retention } from '../../src/store/retention.ts'
import { collect, lostOf, openStore, packPaths, putAll, temporaryFolder } from './store-fixture.ts'
import { leaf, parentOf, type TestBlock } from './written-blocks.ts'

const BLOCKS: TestBlock[] = Array.from({ length: 40 }, (_, i) => leaf(i, 1000))
/** Bytes of a section's header in these packs: two of length, 36 of CID. */
const HEADER = 38

async function filled(blocks: readonly TestBlock[] = BLOCKS): Promise<{ folder: string; pack: string }> {
  const folder = temporaryFolder()
  const store = BlockStore.open(folder)
  await putAll(store, blocks)
  await store.close()
  const [pack = ''] = packPaths(folder)
  return { folder, pack }
}

function flipBit(file: string, at: number): void {
  const bytes = readFileSync(file)
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Uint8Array.of((bytes[at] ?? 0) ^ 1), 0, 1, at)
  closeSync(descriptor)
}

function placeOf(pack: string, block: TestBlock): number {
  return readFileSync(pack).indexOf(block.bytes)
}

function removeIndex(folder: string): void {
  for (const part of ['', '-wal', '-shm']) rmSync(join(folder, `index.db${part}`), { force: true })
}

it('a pack that lost its end costs the blocks that lay there, and no other', async () => {
  const { folder, pack } = await filled()
  truncateSync(pack, statSync(pack).size - 1500)
  const store = openStore(folder)
  expect(store.recovery).toMatchObject({ lost: 2, rebuilt: false })
  expect(await lostOf(store, BLOCKS)).toEqual(BLOCKS.slice(-2).map(({ cid }) => String(cid)))
  expect(await Promise.all(BLOCKS.slice(-2).map(({ cid }) => store.has(cid)))).toEqual([false, false])
  await putAll(store, BLOCKS)
  await store.flush()
  expect(await lostOf(store, BLOCKS)).toEqual([])
})

it('a pack that vanished costs its blocks', async () => {
  const { folder, pack } = await filled()
  rmSync(pack)
  const store = openStore(folder)
  expect([store.recovery?.lost, store.usage().blocks]).toEqual([40, 0])
  await putAll(store, BLOCKS)
  expect(await lostOf(store, BLOCKS)).toEqual([])
})

it('garbage behind the last flush is cut off', async () => {
  const { folder, pack } = await filled()
  const before = statSync(pack).size
  appendFileSync(pack, new Uint8Array(3000).fill(7))
  const store = openStore(folder)
  expect(store.recovery).toEqual({ rebuilt: false, reindexed: 0, cutBytes: 3000, lost: 0 })
  expect(statSync(pack).size).toBe(before)
  expect(await lostOf(store, BLOCKS)).toEqual([])
})

it('whole blocks behind the last flush are taken in again, half ones are cut off', async () => {
  const { folder, pack } = await filled()
  const other = await filled([leaf(100), leaf(101), leaf(102)])
  const sections = readFileSync(other.pack).subarray(18)
  appendFileSync(pack, sections.subarray(0, -10))
  const store = openStore(folder)
  expect(store.recovery).toMatchObject({ reindexed: 2, cutBytes: 128 })
  expect(await lostOf(store, [...BLOCKS, leaf(100), leaf(101)])).toEqual([])
  expect(await store.has(leaf(102).cid)).toBe(false)
})

it('a block behind the last flush that does not fit its hash is not taken in', async () => {
  const { folder, pack } = await filled()
  const other = await filled([leaf(100)])
  flipBit(other.pack, placeOf(other.pack, leaf(100)) + 3)
  appendFileSync(pack, readFileSync(other.pack).subarray(18))
  const store = openStore(folder)
  expect([store.recovery?.reindexed, await store.has(leaf(100).cid)]).toEqual([0, false])
})

it('an index that was deleted is made anew from the packs, and only what fits its hash is in it', async () => {
  const { folder, pack } = await filled()
  const [damaged, lengthLost] = [BLOCKS[5], BLOCKS[11]] as [TestBlock, TestBlock]
  flipBit(pack, placeOf(pack, damaged) + 500)
  flipBit(pack, placeOf(pack, lengthLost) - HEADER)
  removeIndex(folder)
  const store = openStore(folder)
  expect(store.recovery).toMatchObject({ rebuilt: true, reindexed: 38, cutBytes: 0 })
  expect(await lostOf(store, BLOCKS)).toEqual([damaged, lengthLost].map(({ cid }) => String(cid)))
  await putAll(store, BLOCKS)
  await store.close()
  expect(await lostOf(openStore(folder), BLOCKS)).toEqual([])
})

it('an index that is no database any more is put aside and made anew', async () => {
  const { folder } = await filled()
  writeFileSync(join(folder, 'index.db'), 'this is no database, though it once was'.repeat(200))
  const store = openStore(folder)
  expect(store.recovery?.rebuilt).toBe(true)
  expect(await lostOf(store, BLOCKS)).toEqual([])
  expect(existsSync(join(folder, 'index.db.damaged'))).toBe(true)
})

it('pins come back with a rebuilt index', async () => {
  const { folder } = await filled()
  const store = BlockStore.open(folder)
  const root = parentOf(BLOCKS.slice(0, 3))
  await putAll(store, [root])
  await new Retention(store).pin('alice', [root.cid])
  await store.close()
  removeIndex(folder)
  const reopened = openStore(folder)
  const retention = new Retention(reopened)
  expect(retention.pins().map(({ owner, roots }) => [owner, roots.map(String)])).toEqual([
    ['alice', [String(root.cid)]],
  ])
  await retention.gc()
  expect(await lostOf(reopened, [root, ...BLOCKS.slice(0, 3)])).toEqual([])
  expect(reopened.usage().blocks).toBe(4)
})

it('a copy of the pins that is damaged stops the rebuilding, which ends once it is mended', async () => {
  const { folder } = await filled()
  const store = BlockStore.open(folder)
  await new Retention(store).pin('alice', [(BLOCKS[0] as TestBlock).cid])
  await store.close()
  removeIndex(folder)
  const copy = join(folder, 'pins.json')
  const whole = readFileSync(copy)
  writeFileSync(copy, whole.subarray(0, 20))
  for (let attempt = 0; attempt < 2; attempt++) {
    expect(() => BlockStore.open(folder)).toThrow(
      expect.objectContaining({ code: 'damaged', message: expect.stringContaining(copy) }),
    )
  }
  writeFileSync(copy, whole)
  const reopened = openStore(folder)
  expect(reopened.recovery?.rebuilt).toBe(true)
  expect(new Retention(reopened).pins()).toHaveLength(1)
})

it('blocks that were taken in again and those put later are told apart by a collection', async () => {
  const { folder } = await filled()
  removeIndex(folder)
  const store = openStore(folder)
  const retention = new Retention(store)
  const leaves = Array.from({ length: 30 }, (_, i) => leaf(1000 + i))
  const roots = leaves.map((one, i) => parentOf([one], i))
  await putAll(store, [...roots, ...leaves])
  await retention.pin(
    'a',
    roots.map(({ cid }) => cid),
  )
  await retention.pin(
    'b',
    BLOCKS.map(({ cid }) => cid),
  )
  expect(await retention.gc()).toMatchObject({ blocks: 0 })
  expect(await lostOf(store, [...BLOCKS, ...roots, ...leaves])).toEqual([])
})

it('where the pins are lost for good, nothing is removed until something is pinned again', async () => {
  const { folder } = await filled()
  removeIndex(folder)
  const store = openStore(folder)
  const retention = new Retention(store)
  await expect(retention.gc()).rejects.toMatchObject({ code: 'pins-lost' })
  expect(await lostOf(store, BLOCKS)).toEqual([])
  await retention.pin(
    'alice',
    BLOCKS.slice(1).map(({ cid }) => cid),
  )
  expect(await retention.gc()).toMatchObject({ blocks: 1 })
})

it('verify finds one flipped bit and names the block; discarded, it can be put again', async () => {
  const { folder, pack } = await filled()
  const [, , victim] = BLOCKS as [TestBlock, TestBlock, TestBlock]
  flipBit(pack, placeOf(pack, victim) + 999)
  const store = openStore(folder)
  let read = 0
  const problems = await collect(store.verify({ onBlock: () => (read += 1) }))
  expect(read).toBe(40)
  expect(problems).toMatchObject([{ problem: 'corrupt' }])
  expect(String(problems[0]?.cid)).toBe(String(victim.cid))
  await store.discard([victim.cid])
  await putAll(store, [victim])
  expect(await collect(store.verify())).toEqual([])
  expect(await lostOf(store, BLOCKS)).toEqual([])
})

it('never gives out another block than was asked for', async () => {
  const { folder, pack } = await filled()
  const other = await filled(BLOCKS.toReversed())
  copyFileSync(other.pack, pack)
  const store = openStore(folder)
  for (const { cid } of BLOCKS)
    await expect(store.get(cid)).rejects.toMatchObject({ code: 'damaged', cid: String(cid) })
  const problems = await collect(store.verify())
  expect(new Set(problems.map(({ problem }) => problem))).toEqual(new Set(['unreadable']))
  expect(problems).toHaveLength(40)
})

it('a sample reads a part', async () => {
  const { folder } = await filled()
  const store = openStore(folder)
  let read = 0
  await collect(store.verify({ sample: 0.5, onBlock: () => (read += 1) }))
  // Odds of a false alarm: under one in a million million.
  expect(read).toBeLessThan(40)
})

it('a directory that does not fit its hash stops a collection, since what it links to is unknown', async () => {
  const folder = temporaryFolder()
  const store = BlockStore.open(folder)
  const root = parentOf(BLOCKS)
  await putAll(store, [root, ...BLOCKS])
  await new Retention(store).pin('alice', [root.cid])
  await store.close()
  const [pack = ''] = packPaths(folder)
  flipBit(pack, placeOf(pack, root) + 20)
  const reopened = openStore(folder)
  await expect(new Retention(reopened).gc()).rejects.toMatchObject({ code: 'damaged', cid: String(root.cid) })
  expect(await lostOf(reopened, BLOCKS)).toEqual([])
})

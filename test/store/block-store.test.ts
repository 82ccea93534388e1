/** What the store of blocks promises to those who put, get and flush. */
import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { readCar } from '@holdfast/dag'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { describe, expect, it } from 'vitest'
import { BlockStore } from '../../src/store/block-store.ts'
import { collect, lostOf, openStore, packPaths, putAll, temporaryFolder } from './store-fixture.ts'
import { blockOf, leaf } from './written-blocks.ts'

const MIB = 1024 * 1024

describe('a block', () => {
  it('can be read as soon as put resolves, before and after it is written, and after opening anew', async () => {
    const folder = temporaryFolder()
    const store = BlockStore.open(folder)
    const blocks = [leaf(1), leaf(2, 2 * MIB), leaf(3, 0), leaf(4, MIB), leaf(5, 2 * MIB), leaf(6, 1)]
    for (const block of blocks) {
      await store.put(block.cid, block.bytes)
      expect(await lostOf(store, [block])).toEqual([])
    }
    await store.flush()
    expect(await lostOf(store, blocks)).toEqual([])
    await store.close()
    expect(await lostOf(openStore(folder), blocks)).toEqual([])
  })

  it('that is not there gives false and null', async () => {
    const store = openStore(temporaryFolder())
    const { cid } = leaf(1)
    expect([await store.has(cid), await store.get(cid), store.sizeOf(cid)]).toEqual([false, null, null])
  })

  it('that comes again is not stored again, whatever codec its CID names', async () => {
    const store = openStore(temporaryFolder())
    const { cid, bytes } = leaf(1)
    const other = CID.createV1(0x70, cid.multihash)
    await Promise.all([store.put(cid, bytes), store.put(cid, bytes), store.put(other, bytes)])
    await store.flush()
    await store.put(cid, bytes)
    expect(store.usage()).toMatchObject({ blocks: 1, bytes: 100 })
    expect(await store.get(other)).toEqual(bytes)
    expect(await store.get(CID.createV0(other.toV0().multihash as never))).toEqual(bytes)
  })

  it('does not change with the buffer that it was put from', async () => {
    const store = openStore(temporaryFolder())
    const { cid, bytes } = leaf(1)
    const reused = bytes.slice()
    await store.put(cid, reused)
    reused.fill(0)
    expect(await store.get(cid)).toEqual(bytes)
  })

  it('inside its own CID (identity) is always there and never stored', async () => {
    const store = openStore(temporaryFolder())
    const bytes = new TextEncoder().encode('in the name')
    const cid = CID.createV1(0x55, create(0x00, bytes))
    await store.put(cid, bytes)
    expect([await store.has(cid), await store.get(cid), store.sizeOf(cid)]).toEqual([true, bytes, bytes.length])
    expect(store.usage().blocks).toBe(0)
  })

  it('that is too large or under another hash is refused', async () => {
    const store = openStore(temporaryFolder())
    const large = blockOf(new Uint8Array(2 * MIB + 1))
    await expect(store.put(large.cid, large.bytes)).rejects.toMatchObject({ code: 'bad-block', cid: String(large.cid) })
    const sha512 = CID.createV1(0x55, create(0x13, new Uint8Array(64)))
    await expect(store.put(sha512, new Uint8Array(1))).rejects.toMatchObject({ code: 'bad-block' })
    expect(await store.has(sha512)).toBe(false)
  })
})

it('puts, gets and flushes may overlap', async () => {
  const store = openStore(temporaryFolder(), { packBytes: 64 * 1024 })
  const blocks = Array.from({ length: 500 }, (_, i) => leaf(i, (i * 37) % 3000))
  const flushes: Promise<void>[] = []
  await Promise.all(
    blocks.map(async (block, i) => {
      await store.put(block.cid, block.bytes)
      if (i % 7 === 0) flushes.push(store.flush())
      expect(await lostOf(store, [block])).toEqual([])
    }),
  )
  await Promise.all(flushes)
  expect(await lostOf(store, blocks)).toEqual([])
  expect(store.usage()).toMatchObject({ blocks: 500, bytes: blocks.reduce((sum, { bytes }) => sum + bytes.length, 0) })
})

it('cids names every block once, flushed or not', async () => {
  const store = openStore(temporaryFolder())
  const blocks = Array.from({ length: 50 }, (_, i) => leaf(i))
  await putAll(store, blocks.slice(0, 25))
  await store.flush()
  await putAll(store, blocks)
  expect([...store.cids()].map(String).toSorted()).toEqual(blocks.map(({ cid }) => String(cid)).toSorted())
})

it('a pack is a CAR that other programs can read', async () => {
  const folder = temporaryFolder()
  const store = openStore(folder)
  const blocks = [leaf(1), leaf(2, 100_000), leaf(3, 0)]
  await putAll(store, blocks)
  await store.flush()
  const [pack = ''] = packPaths(folder)
  const inside = await collect(readCar(createReadStream(pack), { maxBlockBytes: 2 * MIB }))
  expect(inside.map(({ cid, bytes }) => [String(cid), Buffer.from(bytes)])).toEqual(
    blocks.map(({ cid, bytes }) => [String(cid), Buffer.from(bytes)]),
  )
})

describe('beside the process that writes', () => {
  it('another may read what was flushed, also after it was moved', async () => {
    const folder = temporaryFolder()
    const store = openStore(folder)
    const [first, second] = [leaf(1), leaf(2)]
    await putAll(store, [first])
    await store.flush()
    const reader = openStore(folder, { readOnly: true })
    await putAll(store, [second])
    expect(await lostOf(reader, [first])).toEqual([])
    expect(await reader.has(second.cid)).toBe(false)
    await store.flush()
    expect(await lostOf(reader, [first, second])).toEqual([])
    await expect(reader.put(first.cid, first.bytes)).rejects.toMatchObject({ code: 'read-only' })
    await expect(reader.flush()).rejects.toMatchObject({ code: 'read-only' })
  })

  it('no second one may write', async () => {
    const folder = temporaryFolder()
    const store = BlockStore.open(folder)
    expect(() => BlockStore.open(folder)).toThrow(expect.objectContaining({ code: 'in-use' }))
    await store.close()
    await BlockStore.open(folder).close()
  })
})

it('reading where there is no store says so and makes nothing', () => {
  const folder = join(temporaryFolder(), 'nothing')
  expect(() => BlockStore.open(folder, { readOnly: true })).toThrow(expect.objectContaining({ code: 'no-store' }))
  expect(existsSync(folder)).toBe(false)
})

it('a closed store says that it is closed, and closes twice without a word', async () => {
  const store = BlockStore.open(temporaryFolder())
  const { cid, bytes } = leaf(1)
  await store.close()
  await store.close()
  await expect(store.get(cid)).rejects.toMatchObject({ code: 'closed' })
  await expect(store.put(cid, bytes)).rejects.toMatchObject({ code: 'closed' })
})

it('discard forgets blocks, which then can be put again', async () => {
  const store = openStore(temporaryFolder())
  const { cid, bytes } = leaf(1)
  await store.put(cid, bytes)
  await store.discard([cid])
  expect([await store.has(cid), store.usage().blocks]).toEqual([false, 0])
  await store.put(cid, bytes)
  expect(await store.get(cid)).toEqual(bytes)
})

/** Space of dead blocks goes back to the disk, and at no step would a crash lose a live one. */
import { cpSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { BlockStore } from '../../src/store/block-store.ts'
import { Retention } from '../../src/store/retention.ts'
import { collect, lostOf, openStore, packPaths, putAll, temporaryFolder } from './store-fixture.ts'
import { leaf, parentOf, type TestBlock } from './written-blocks.ts'

const leaves = (from: number, count: number, size = 2000): TestBlock[] =>
  Array.from({ length: count }, (_, i) => leaf(from + i, size))

function bytesOnDisk(folder: string): number {
  return packPaths(folder).reduce((sum, path) => sum + statSync(path).size, 0)
}

it('what a release alone had is given back when it goes', async () => {
  const folder = temporaryFolder()
  const store = openStore(folder)
  const retention = new Retention(store)
  const [shared, old, young] = [leaves(0, 50), leaves(100, 100), leaves(300, 20)]
  const [first, second] = [parentOf([...shared, ...old]), parentOf([...shared, ...young])]
  // Mixed, as when one release is fetched after the other and both lie in every pack.
  await putAll(store, [...shared, ...old, first])
  await retention.pin('first', [first.cid])
  await putAll(store, [...young, second])
  await retention.pin('second', [second.cid])
  await retention.unpin('first')
  const before = bytesOnDisk(folder)
  const { blocks, bytes, diskBytes } = await retention.gc()
  expect([blocks, bytes]).toEqual([101, old.length * 2000 + first.bytes.length])
  expect(diskBytes).toBeGreaterThan(200_000)
  const live = store.usage()
  expect(live.bytes).toBe(70 * 2000 + second.bytes.length)
  expect(bytesOnDisk(folder)).toBeLessThan(live.bytes * 1.05 + 1000)
  expect(bytesOnDisk(folder)).toBeLessThan(before - 200_000)
  expect(await lostOf(store, [...shared, ...young, second])).toEqual([])
})

it('nothing is left of a store that nobody pins, and it goes on', async () => {
  const folder = temporaryFolder()
  const store = openStore(folder, { packBytes: 50_000 })
  const retention = new Retention(store)
  await putAll(store, leaves(0, 200))
  await retention.gc()
  expect([bytesOnDisk(folder), store.usage()]).toEqual([0, { blocks: 0, bytes: 0, diskBytes: 0 }])
  await putAll(store, leaves(0, 20))
  await store.flush()
  expect(await lostOf(store, leaves(0, 20))).toEqual([])
})

it('packs with little that is dead are left alone', async () => {
  const folder = temporaryFolder()
  const store = openStore(folder)
  const retention = new Retention(store)
  const kept = leaves(0, 90)
  await putAll(store, [...kept, ...leaves(100, 10)])
  await retention.pin(
    'alice',
    kept.map(({ cid }) => cid),
  )
  const before = bytesOnDisk(folder)
  expect(await retention.gc()).toMatchObject({ blocks: 10, diskBytes: 0 })
  expect(bytesOnDisk(folder)).toBe(before)
})

it('a reader that had a pack open finds its blocks where they went', async () => {
  const folder = temporaryFolder()
  const store = openStore(folder, { packBytes: 50_000 })
  const retention = new Retention(store)
  const kept = leaves(0, 200).filter((_, i) => i % 4 === 0)
  await putAll(store, leaves(0, 200))
  await retention.pin(
    'alice',
    kept.map(({ cid }) => cid),
  )
  const [before, after] = [openStore(folder, { readOnly: true }), openStore(folder, { readOnly: true })]
  expect(await lostOf(before, kept)).toEqual([])
  await retention.gc()
  expect(await lostOf(before, kept)).toEqual([])
  expect(await lostOf(after, kept)).toEqual([])
})

it('a damaged block keeps its pack from being rewritten, so that nothing spreads and nothing is hidden', async () => {
  const folder = temporaryFolder()
  const store = openStore(folder, { packBytes: 50_000 })
  const retention = new Retention(store)
  const kept = leaves(0, 100).filter((_, i) => i % 4 === 0)
  await putAll(store, leaves(0, 100))
  await retention.pin(
    'alice',
    kept.map(({ cid }) => cid),
  )
  const read = store.readAt.bind(store)
  const [, victim] = kept
  vi.spyOn(store, 'readAt').mockImplementation((cid, location) => {
    const bytes = read(cid, location)
    if (cid.equals(victim?.cid)) bytes[0] = (bytes[0] ?? 0) ^ 1
    return bytes
  })
  await retention.gc()
  expect((await collect(store.verify())).map(({ cid }) => String(cid))).toEqual([String(victim?.cid)])
  vi.restoreAllMocks()
  expect(await lostOf(store, kept)).toEqual([])
})

it('a crash at any step of a collection leaves a store that opens and has every pinned block', async () => {
  const folder = temporaryFolder()
  const moments = temporaryFolder()
  const store = openStore(folder, { packBytes: 30_000 })
  const retention = new Retention(store)
  const all = leaves(0, 75)
  const pinned = all.filter((_, i) => i % 3 === 0)
  await putAll(store, all)
  await retention.pin(
    'alice',
    pinned.map(({ cid }) => cid),
  )
  let taken = 0
  /** What a crash would leave: everything but the memory that processes share, as after a power cut. */
  const photograph = (): void => {
    cpSync(folder, join(moments, String(taken)), { recursive: true, filter: (path) => !path.endsWith('-shm') })
    taken += 1
  }
  const around = <O extends object>(owner: O, name: keyof O & string): void => {
    const original = (owner[name] as (...args: unknown[]) => unknown).bind(owner)
    Object.defineProperty(owner, name, {
      value: (...args: unknown[]) => {
        photograph()
        const result = original(...args)
        photograph()
        return result
      },
    })
  }
  around(store.index, 'transaction')
  around(store.index, 'dropPack')
  around(store.files, 'remove')
  around(store.appender.writer, 'drain')
  await retention.gc()
  photograph()
  expect(taken).toBeGreaterThan(20)
  for (const moment of readdirSync(moments)) {
    const copy = BlockStore.open(join(moments, moment))
    expect(await lostOf(copy, pinned)).toEqual([])
    // Nor does what was collected come back.
    expect(copy.recovery).toMatchObject({ lost: 0, reindexed: 0 })
    expect(await collect(copy.verify())).toEqual([])
    await new Retention(copy).gc()
    expect(copy.usage().blocks).toBe(pinned.length)
    expect(await lostOf(copy, pinned)).toEqual([])
    await copy.close()
  }
}, 120_000)

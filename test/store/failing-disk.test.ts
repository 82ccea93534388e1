/** A disk whose fsync fails: nobody then knows what is on it, and a later success says nothing (fsyncgate). */
import { statSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { BlockStore } from '../../src/store/block-store.ts'
import { lostOf, openStore, packPaths, putAll, temporaryFolder } from './store-fixture.ts'
import { leaf } from './written-blocks.ts'

const disk = vi.hoisted(() => ({ fails: false }))

vi.mock(import('node:fs'), async (original) => {
  const fs = await original()
  const fdatasync = (descriptor: number, done: (error: NodeJS.ErrnoException | null) => void): void => {
    if (disk.fails) done(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }))
    else fs.fdatasync(descriptor, done)
  }
  return { ...fs, fdatasync: fdatasync as typeof fs.fdatasync }
})

it('the store refuses from then on, and opened again has what was durable before, and no more', async () => {
  const folder = temporaryFolder()
  const store = BlockStore.open(folder)
  await putAll(store, [leaf(1), leaf(2)])
  await store.flush()
  const [pack = ''] = packPaths(folder)
  const durable = statSync(pack).size
  await putAll(store, [leaf(3)])
  disk.fails = true
  await expect(store.flush()).rejects.toMatchObject({ code: 'io' })
  disk.fails = false
  // The kernel would say yes now, though the pages may never have reached the disk.
  await expect(store.flush()).rejects.toMatchObject({ code: 'io' })
  expect(await lostOf(store, [leaf(1), leaf(2)])).toEqual([])
  await expect(store.close()).rejects.toMatchObject({ code: 'io' })
  expect(statSync(pack).size).toBe(durable)
  const reopened = openStore(folder)
  expect(await lostOf(reopened, [leaf(1), leaf(2)])).toEqual([])
  expect(await reopened.has(leaf(3).cid)).toBe(false)
})

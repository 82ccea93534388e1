import { expect, it } from 'vitest'
import { readOnlyBlockstore } from '../../src/store/bitswap-blockstore.ts'
import { Retention } from '../../src/store/retention.ts'
import { openStore, putAll, temporaryFolder } from './store-fixture.ts'
import { leaf } from './written-blocks.ts'

/** The interface gives generators of either kind. */
async function all<T>(items: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

it('serves what is held and says so of what is not in the way that bitswap understands', async () => {
  const store = openStore(temporaryFolder())
  await putAll(store, [leaf(1), leaf(2)])
  const blockstore = readOnlyBlockstore(store)
  expect(await all(blockstore.get(leaf(1).cid))).toEqual([leaf(1).bytes])
  expect([await blockstore.has(leaf(1).cid), await blockstore.has(leaf(3).cid)]).toEqual([true, false])
  await expect(all(blockstore.get(leaf(3).cid))).rejects.toMatchObject({ name: 'NotFoundError' })
  expect((await all(blockstore.getMany([leaf(2).cid]))).map(({ cid }) => String(cid))).toEqual([String(leaf(2).cid)])
  expect((await all(blockstore.getAll())).length).toBe(2)
})

it('keeps nothing that a stranger pushes, and deletes nothing', async () => {
  const store = openStore(temporaryFolder())
  await putAll(store, [leaf(1)])
  const blockstore = readOnlyBlockstore(store)
  const pushed = leaf(2)
  expect(await blockstore.put(pushed.cid, pushed.bytes)).toBe(pushed.cid)
  expect(await all(blockstore.putMany([pushed]))).toEqual([pushed.cid])
  await blockstore.delete(leaf(1).cid)
  await all(blockstore.deleteMany([leaf(1).cid]))
  expect([await store.has(pushed.cid), await store.has(leaf(1).cid), store.usage().blocks]).toEqual([false, true, 1])
})

it('does not keep garbage from being collected by serving it', async () => {
  const store = openStore(temporaryFolder())
  const retention = new Retention(store)
  await putAll(store, [leaf(1)])
  await store.flush()
  retention.hold('fetch', [])
  expect(await readOnlyBlockstore(store).has(leaf(1).cid)).toBe(true)
  expect(await retention.gc()).toMatchObject({ blocks: 1 })
})

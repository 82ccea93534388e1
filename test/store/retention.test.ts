/** Pins, holds and collections one by one; all together they are in shared-blocks.property.test.ts. */
import { describe, expect, it } from 'vitest'
import { BlockStore } from '../../src/store/block-store.ts'
import { Retention } from '../../src/store/retention.ts'
import { lostOf, openStore, putAll, temporaryFolder } from './store-fixture.ts'
import { blockOf, leaf, parentOf, type TestBlock } from './written-blocks.ts'

function opened(): { store: BlockStore; retention: Retention } {
  const store = openStore(temporaryFolder(), { packBytes: 100_000 })
  return { store, retention: new Retention(store) }
}

const leaves = (from: number, count: number): TestBlock[] => Array.from({ length: count }, (_, i) => leaf(from + i))

describe('a pin', () => {
  it('needs everything that its roots reach, and names what is missing', async () => {
    const { store, retention } = opened()
    const [here, missing] = [leaf(1), leaf(2)]
    const root = parentOf([here, parentOf([missing])])
    await putAll(store, [root, here, parentOf([missing])])
    await expect(retention.pin('alice', [root.cid])).rejects.toMatchObject({
      code: 'incomplete',
      cid: String(missing.cid),
    })
    expect(retention.pins()).toEqual([])
    await putAll(store, [missing])
    await retention.pin('alice', [root.cid])
    expect(retention.pins().map(({ owner, roots }) => [owner, roots.map(String)])).toEqual([
      ['alice', [String(root.cid)]],
    ])
  })

  it('is durable with its blocks when it resolves', async () => {
    const folder = temporaryFolder()
    const store = BlockStore.open(folder)
    const root = parentOf([leaf(1)])
    await putAll(store, [root, leaf(1)])
    await new Retention(store).pin('alice', [root.cid])
    // A reader sees what is durable, and nothing else.
    const reader = openStore(folder, { readOnly: true })
    expect(await lostOf(reader, [root, leaf(1)])).toEqual([])
    await store.close()
  })

  it('of an owner replaces the one before, roots in order', async () => {
    const { store, retention } = opened()
    await putAll(store, leaves(0, 4))
    const cids = leaves(0, 4).map(({ cid }) => cid)
    await retention.pin('alice', cids)
    await retention.pin('alice', cids.slice(2).toReversed())
    expect(retention.pins()[0]?.roots.map(String)).toEqual(cids.slice(2).toReversed().map(String))
    await retention.gc()
    expect(store.usage().blocks).toBe(2)
  })

  it('of what fits its hash and is no node all the same is refused, and stops no collection', async () => {
    const { store, retention } = opened()
    const malformed = blockOf(new Uint8Array([255, 255, 255]), 0x70)
    const root = parentOf([leaf(1), malformed])
    await putAll(store, [leaf(1), malformed, root])
    await expect(retention.pin('alice', [root.cid])).rejects.toMatchObject({
      code: 'bad-block',
      cid: String(malformed.cid),
    })
    retention.hold('fetch', [root.cid])
    expect(await retention.gc()).toMatchObject({ blocks: 0 })
  })

  it('of a tree too deep for recursion works', async () => {
    const { store, retention } = opened()
    let root = leaf(0)
    const all = [root]
    for (let depth = 0; depth < 11_000; depth++) {
      root = parentOf([root])
      all.push(root)
    }
    await putAll(store, all)
    await retention.pin('alice', [root.cid])
    expect(await retention.gc()).toMatchObject({ blocks: 0 })
  })
})

describe('a hold', () => {
  it('keeps what of its roots is here, and leaves that came before what links to them', async () => {
    const { store, retention } = opened()
    const [early, late, orphan] = [leaf(1), leaf(2), leaf(3)]
    const folder = parentOf([early])
    const root = parentOf([folder, late])
    await putAll(store, [root, orphan])
    retention.hold('fetch', [root.cid])
    await putAll(store, [early])
    await retention.gc()
    expect(await lostOf(store, [root, early])).toEqual([])
    expect(await store.has(orphan.cid)).toBe(false)
    await putAll(store, [folder, late])
    await retention.pin('fetch', [root.cid])
    await retention.gc()
    expect(await lostOf(store, [root, folder, early, late])).toEqual([])
  })

  it('keeps garbage that a fetch was told is here already', async () => {
    const { store, retention } = opened()
    await putAll(store, [leaf(1), leaf(2)])
    await store.flush()
    retention.hold('fetch', [parentOf([leaf(1)]).cid])
    expect(await store.has(leaf(1).cid)).toBe(true)
    await retention.gc()
    expect([await store.has(leaf(1).cid), await store.has(leaf(2).cid)]).toEqual([true, false])
  })

  it('without roots keeps what an import puts before its root is known', async () => {
    const { store, retention } = opened()
    retention.hold('import', [])
    await putAll(store, leaves(0, 5))
    await retention.gc()
    expect(store.usage().blocks).toBe(5)
    await retention.unpin('import')
    await retention.gc()
    expect(store.usage().blocks).toBe(0)
  })
})

describe('while a collection is under way', () => {
  /** Enough garbage that a collection takes several turns of the event loop. */
  const garbage = leaves(100_000, 9000)

  it('blocks that are put stay, new ones and those that were about to go', async () => {
    const { store, retention } = opened()
    await putAll(store, garbage)
    const pinned = leaves(0, 3000)
    const root = parentOf(pinned)
    await putAll(store, [...pinned, root])
    await retention.pin('alice', [root.cid])
    const done = new AbortController()
    const collection = retention.gc().finally(() => done.abort())
    const put: TestBlock[] = []
    const said: TestBlock[] = []
    for (let i = 0; !done.signal.aborted; i++) {
      const [fresh, old, seen] = [leaf(500_000 + i), garbage[i * 2] ?? leaf(0), garbage[i * 2 + 1] ?? leaf(0)]
      await putAll(store, [fresh, old])
      put.push(fresh, old)
      if (await store.has(seen.cid)) said.push(seen)
      if (i % 50 === 0) await new Promise(setImmediate)
    }
    const { blocks } = await collection
    expect(blocks).toBeGreaterThan(1000)
    expect(await lostOf(store, [...put, ...said, ...pinned, root])).toEqual([])
    expect(put.length).toBeGreaterThan(50)
  })

  it('a hold that begins is honoured from then on', async () => {
    const { store, retention } = opened()
    // Garbage goes in the order of its hashes: what is last in it is still there when the first is gone.
    const inOrder = garbage.toSorted((one, two) => Buffer.compare(one.cid.multihash.digest, two.cid.multihash.digest))
    const [first] = inOrder as [TestBlock]
    const held = inOrder.slice(-50)
    const root = Array.from({ length: 100 }, (_, tag) => parentOf(held, tag)).find(
      ({ cid }) => (cid.multihash.digest[0] ?? 0) > 0xf0,
    ) as TestBlock
    await putAll(store, [...garbage, root])
    const collection = retention.gc()
    while (store.sizeOf(first.cid) !== null) await new Promise(setImmediate)
    retention.hold('fetch', [root.cid])
    await collection
    expect(await lostOf(store, [...held, root])).toEqual([])
    expect(store.usage().blocks).toBe(51)
  })

  it('pins and further collections wait their turn', async () => {
    const { store, retention } = opened()
    const root = parentOf(leaves(0, 10))
    await putAll(store, [...leaves(0, 10), root, ...garbage])
    const [first, , second] = await Promise.all([
      retention.gc(),
      expect(retention.pin('a', [root.cid])).rejects.toMatchObject({ code: 'incomplete' }),
      retention.gc(),
    ])
    expect([first.blocks, second.blocks]).toEqual([9011, 0])
  })
})

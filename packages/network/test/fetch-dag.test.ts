/** Whole trees from one mirror into another: by the manifest, by the walk, and only what is missing. */
import { hash } from 'node:crypto'
import { importTree, listTree, readFile, writeManifest, type SourceEntry } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import { expect, it } from 'vitest'
import { BlockFetcher, budgetFor, fetchListed, fetchTree, LocalSource } from '../src/index.ts'
import { MemoryBlocks } from './memory-blocks.ts'

const hashing = { sha256: (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer') }

/** Files of several blocks, an empty one, a folder with many, and two that are equal. */
async function* files(edition: number): AsyncGenerator<SourceEntry> {
  const big = new Uint8Array(2_500_000).map((_, i) => (i >> 8) % 251)
  const all: [string, Uint8Array][] = [
    ['big.bin', big],
    ['copy.bin', big],
    ['empty.txt', new Uint8Array()],
    ...Array.from({ length: 60 }, (_, i): [string, Uint8Array] => [
      `many/${String(i).padStart(3, '0')}.txt`,
      Buffer.from(`file ${i}`),
    ]),
    ['readme.txt', Buffer.from(`edition ${edition}`)],
  ]
  for (const [path, bytes] of all) yield await Promise.resolve({ path, content: () => one(bytes) })
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}

async function mirror(
  editions = 1,
): Promise<{ store: MemoryBlocks; root: CID; manifest: CID; size: number; count: number }> {
  const store = new MemoryBlocks()
  for (let edition = 1; ; edition++) {
    const tree = await importTree(files(edition), store, hashing)
    const { cid: manifest } = await writeManifest(tree.cid, store, hashing)
    if (edition === editions) return { store, root: tree.cid, manifest, size: tree.size, count: tree.files }
  }
}

function fetcherInto(store: MemoryBlocks, from: MemoryBlocks, budget: number): BlockFetcher {
  const fetcher = new BlockFetcher(store, AbortSignal.timeout(20_000), budget)
  fetcher.addSource(new LocalSource('mirror', from))
  return fetcher
}

async function expectSameTree(store: MemoryBlocks, root: CID, other: MemoryBlocks): Promise<void> {
  let count = 0
  for await (const { path, cid, type } of listTree(root, store)) {
    count++
    if (type !== 'file') continue
    const [mine, theirs] = [readFile(cid, store), readFile(cid, other)]
    for await (const chunk of theirs)
      expect(Buffer.compare((await mine.next()).value as Uint8Array, chunk), path).toBe(0)
  }
  expect(count).toBeGreaterThan(60)
}

it('a release comes by its manifest, within the signed size', async () => {
  const { store: from, root, manifest, size, count } = await mirror()
  const store = new MemoryBlocks()
  const fetcher = fetcherInto(store, from, budgetFor(size, count))
  await fetchTree(manifest, store, fetcher)
  const planned: number[] = []
  await fetchListed(manifest, store, fetcher, (wants) => planned.push(wants.length))
  const { length } = store.puts
  await fetchTree(root, store, fetcher)
  expect(store.puts).toHaveLength(length)
  expect(planned).toHaveLength(1)
  expect(new Set(store.puts).size).toBe(length)
  await expectSameTree(store, root, from)
})

it('a bare root CID is enough, without a budget', async () => {
  const { store: from, root } = await mirror()
  const store = new MemoryBlocks()
  await fetchTree(root, store, fetcherInto(store, from, Infinity))
  expect(new Set(store.puts).size).toBe(store.puts.length)
  await expectSameTree(store, root, from)
})

it('the next release brings only what is new', async () => {
  const first = await mirror(1)
  const second = await mirror(2)
  const store = MemoryBlocks.of([])
  await fetchTree(first.root, store, fetcherInto(store, first.store, Infinity))
  store.puts.length = 0
  const fetcher = fetcherInto(store, second.store, Infinity)
  await fetchTree(second.manifest, store, fetcher)
  const manifestBlocks = store.puts.length
  await fetchListed(second.manifest, store, fetcher)
  // The changed file and the root folder.
  expect(store.puts.length - manifestBlocks).toBe(2)
  await fetchTree(second.root, store, fetcher)
  expect(store.puts.length - manifestBlocks).toBe(2)
})

it('a tree that is larger than was signed is not fetched to its end', async () => {
  const { store: from, root } = await mirror()
  const store = new MemoryBlocks()
  await expect(fetchTree(root, store, fetcherInto(store, from, 1_000_000))).rejects.toMatchObject({ code: 'too-large' })
})

it('a manifest that lists more than there is ends as incomplete, the walk still succeeds', async () => {
  const { store: from, root, manifest } = await mirror()
  const [leaf] = [...from.blocks.keys()].filter((key) => key.startsWith('bafk'))
  const other = await mirror(2)
  const store = MemoryBlocks.of([])
  await fetchTree(other.manifest, store, fetcherInto(store, other.store, Infinity))
  const fetcher = fetcherInto(store, from, Infinity)
  await expect(fetchListed(other.manifest, store, fetcher)).rejects.toMatchObject({ code: 'incomplete' })
  await fetchTree(root, store, fetcher)
  await expectSameTree(store, root, from)
  expect([leaf, manifest]).toBeDefined()
})

/** Several fetch the same at once and take it from each other: what only one source holds leaves that source about once. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { writeManifest } from '@holdfast/dag'
import { hash } from 'node:crypto'
import { expect, it } from 'vitest'
import {
  BlockFetcher,
  decodeParts,
  emptyBits,
  encodeParts,
  LocalSource,
  PartialSource,
  PartList,
  setBit,
  type BlockSource,
} from '../src/index.ts'
import { importTree, type Block } from '@holdfast/dag'
import { SeededRandom } from '@holdfast/testkit'
import { MemoryBlocks } from './memory-blocks.ts'

const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer')

/** A release of so many files of one size, and its manifest. */
async function releaseOf(
  files: number,
  bytes: number,
): Promise<{ store: MemoryBlocks; list: PartList; wants: Block[] }> {
  const store = new MemoryBlocks()
  const entries = Array.from({ length: files }, (_, at) => ({
    path: `f${String(at).padStart(4, '0')}`,
    content: () => [new Uint8Array(bytes).fill(at).map((byte, i) => (i < 2 ? at >> (8 * i) : byte))],
  }))
  const { cid } = await importTree(entries, store, { sha256 })
  const { cid: manifest } = await writeManifest(cid, store, { sha256 })
  const list = (await PartList.read(manifest, store)) as PartList
  const wants = await Promise.all(
    list.cids().map(async (one) => ({ cid: one, bytes: (await store.get(one)) as Uint8Array })),
  )
  return { store, list, wants }
}

/** The maintainer: one block at a time for all who ask, in turn. */
class Origin implements BlockSource {
  readonly name = 'maintainer'
  readonly #store: MemoryBlocks
  #line: Promise<void> = Promise.resolve()
  given = 0

  constructor(store: MemoryBlocks) {
    this.#store = store
  }

  async *fetchBlocks(cids: Parameters<BlockSource['fetchBlocks']>[0], signal: AbortSignal): AsyncGenerator<Block> {
    for (const cid of cids) {
      await this.#turn()
      if (signal.aborted) return
      this.given++
      yield { cid, bytes: (await this.#store.get(cid)) as Uint8Array }
    }
  }

  /** Its line is slow: others get a good many turns between two of its blocks. */
  async #turn(): Promise<void> {
    const before = this.#line
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#line = promise
    await before
    for (let i = 0; i < 20; i++) await nextTurn()
    resolve()
  }
}

/** A mirror that fetches, tells the others what it holds, and hears what they hold. */
class Mirror {
  readonly store = new MemoryBlocks()
  readonly fetcher: BlockFetcher
  readonly failures: string[] = []
  readonly #list: PartList
  readonly #held: Uint8Array
  readonly #heard: { of: Mirror; source: PartialSource }[] = []
  others: Mirror[] = []

  constructor(list: PartList, seed: number) {
    const random = new SeededRandom(seed)
    this.#list = list
    this.#held = emptyBits(list.size)
    this.fetcher = new BlockFetcher(
      this.store,
      AbortSignal.timeout(20_000),
      Infinity,
      {
        block: (cid) => {
          setBit(this.#held, list.numberOf(cid.toString()) ?? 0)
          for (const other of this.others) other.hear()
        },
        failed: (name, reason) => this.failures.push(`${name}: ${reason}`),
      },
      { shared: { random: () => random.between(0, 1), batchBytes: 40_000 } },
    )
  }

  meet(others: Mirror[]): void {
    this.others = others
    for (const of of others) {
      const source = new PartialSource(
        new LocalSource(`mirror ${others.indexOf(of)}`, of.store),
        this.#list,
        performance.now(),
      )
      this.#heard.push({ of, source })
      this.fetcher.addSource(source)
    }
  }

  /** What others say, as it would come over the wire. */
  hear(): void {
    for (const { of, source } of this.#heard) {
      const parts = decodeParts(encodeParts(of.parts()), this.#list.size)
      if (parts !== null && source.update(parts, performance.now())) this.fetcher.offersChanged()
    }
  }

  parts(): { held: Uint8Array; asked: Uint8Array } {
    const asked = emptyBits(this.#list.size)
    for (const key of this.fetcher.asked()) setBit(asked, this.#list.numberOf(key) ?? 0)
    return { held: this.#held.slice(), asked }
  }
}

it('all get everything, and the maintainer sends little more than one copy', async () => {
  const { store, list, wants } = await releaseOf(200, 20_000)
  const origin = new Origin(store)
  const mirrors = Array.from({ length: 6 }, (_, seed) => new Mirror(list, seed + 1))
  for (const mirror of mirrors) {
    mirror.meet(mirrors.filter((other) => other !== mirror))
    mirror.fetcher.addSource(origin)
  }
  const sized = wants.map(({ cid, bytes }) => ({ cid, size: bytes.byteLength }))
  await Promise.all(mirrors.map(async ({ fetcher }) => await fetcher.fetch(sized)))
  for (const mirror of mirrors) for (const { cid } of wants) expect(await mirror.store.has(cid)).toBe(true)
  expect(mirrors.flatMap(({ failures }) => failures)).toEqual([])
  expect(origin.given / wants.length).toBeLessThan(1.3)
})

it('what a mirror claims and does not hold comes from elsewhere, and it is avoided', async () => {
  const { store, list, wants } = await releaseOf(40, 1000)
  const liar = new PartialSource(new LocalSource('claims', new MemoryBlocks()), list, performance.now())
  liar.update({ held: emptyBits(list.size).fill(0xff), asked: emptyBits(list.size) }, performance.now())
  const mirror = new Mirror(list, 1)
  mirror.fetcher.addSource(liar)
  mirror.fetcher.addSource(new Origin(store))
  await mirror.fetcher.fetch(wants.map(({ cid, bytes }) => ({ cid, size: bytes.byteLength })))
  expect(mirror.failures.length).toBeGreaterThan(0)
  expect(mirror.failures.length).toBeLessThanOrEqual(3)
  for (const { cid } of wants) expect(await mirror.store.has(cid)).toBe(true)
})

it('bits of another length are no parts', () => {
  expect(decodeParts(new Uint8Array(3), 10)).toBeNull()
  expect(decodeParts(new Uint8Array(4), 10)).toEqual({ held: new Uint8Array(2), asked: new Uint8Array(2) })
})

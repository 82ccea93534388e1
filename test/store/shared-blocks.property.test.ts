/**
 * Releases share most blocks. The pins of helia 7 forget that: pin A, pin B, unpin A, pin A again, unpin B, and a block
 * that both share is removed while A is pinned (docs: facts, "Platform"). This is the test that ours do not: whatever
 * is pinned, held, unpinned and pinned again in whatever order, a collection keeps exactly what somebody still keeps.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BlockStore } from '../../src/store/block-store.ts'
import { Retention } from '../../src/store/retention.ts'
import { lostOf, openStore, putAll, temporaryFolder } from './store-fixture.ts'
import { leaf, parentOf, type TestBlock } from './written-blocks.ts'

const OWNERS = ['alice', 'bob', 'carol'] as const
const LEAVES = 9
const FOLDERS = 5
const RELEASES = 4

/** The numbers of the blocks that each block links to: leaves, folders over leaves, releases over folders and leaves. */
type Universe = number[][]

type Step =
  | { do: 'put' | 'has'; block: number }
  | { do: 'putTree'; block: number }
  | { do: 'pin' | 'hold'; owner: string; roots: number[] }
  | { do: 'unpin'; owner: string }
  | { do: 'gc' | 'reopen' | 'flush' }

const block = fc.nat({ max: LEAVES + FOLDERS + RELEASES - 1 })
const release = fc.integer({ min: LEAVES + FOLDERS, max: LEAVES + FOLDERS + RELEASES - 1 })
const whose = fc.constantFrom(...OWNERS)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('putTree' as const), block: release }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('put' as const, 'has' as const), block }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('pin' as const),
      owner: whose,
      roots: fc.array(release, { minLength: 1, maxLength: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('hold' as const),
      owner: whose,
      roots: fc.array(release, { maxLength: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unpin' as const), owner: whose }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('gc' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('reopen' as const, 'flush' as const) }) },
)
const universe: fc.Arbitrary<Universe> = fc
  .tuple(
    fc.array(fc.uniqueArray(fc.nat({ max: LEAVES - 1 }), { minLength: 1, maxLength: 6 }), {
      minLength: FOLDERS,
      maxLength: FOLDERS,
    }),
    fc.array(fc.uniqueArray(fc.nat({ max: LEAVES + FOLDERS - 1 }), { minLength: 2, maxLength: 8 }), {
      minLength: RELEASES,
      maxLength: RELEASES,
    }),
  )
  .map(([folders, releases]) => [...Array.from({ length: LEAVES }, () => []), ...folders, ...releases])

function blocksOf(links: Universe): TestBlock[] {
  const blocks: TestBlock[] = []
  for (const [i, children] of links.entries()) {
    blocks.push(
      i < LEAVES
        ? leaf(i, 60 + i * 40)
        : parentOf(
            children.map((child) => blocks[child] as TestBlock),
            i,
          ),
    )
  }
  return blocks
}

/** What must be there, as simply as it can be said. */
class Model {
  present = new Set<number>()
  pins = new Map<string, number[]>()
  holds = new Map<string, { roots: number[]; touched: Set<number> }>()
  readonly #links: Universe

  constructor(links: Universe) {
    this.#links = links
  }

  put(number: number): void {
    this.present.add(number)
    this.touch(number)
  }

  touch(number: number): void {
    if (this.present.has(number)) for (const { touched } of this.holds.values()) touched.add(number)
  }

  hold(owner: string, roots: number[]): void {
    const before = this.holds.get(owner) ?? { roots: [], touched: new Set() }
    this.holds.set(owner, { roots: [...before.roots, ...roots], touched: before.touched })
  }

  isWhole(roots: number[]): boolean {
    return [...this.reached(roots, () => true)].every((number) => this.present.has(number))
  }

  gc(): void {
    const kept = [...this.holds.values()]
    const roots = [...this.pins.values(), ...kept.map((hold) => hold.roots)].flat()
    const reached = this.reached(roots, (number) => this.present.has(number))
    for (const { touched } of kept) for (const number of touched) reached.add(number)
    this.present = new Set([...reached].filter((number) => this.present.has(number)))
  }

  reached(roots: number[], follow: (number: number) => boolean): Set<number> {
    const seen = new Set<number>()
    const stack = [...roots]
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (seen.has(next) || !follow(next)) continue
      seen.add(next)
      stack.push(...(this.#links[next] ?? []))
    }
    return seen
  }
}

/** The real thing beside the model. */
class Run {
  readonly #folder = temporaryFolder()
  readonly #blocks: TestBlock[]
  readonly #model: Model
  #store: BlockStore
  #retention: Retention

  constructor(links: Universe) {
    this.#blocks = blocksOf(links)
    this.#model = new Model(links)
    // Small packs, so that nearly every collection rewrites some.
    this.#store = BlockStore.open(this.#folder, { packBytes: 1500 })
    this.#retention = new Retention(this.#store)
  }

  async step(one: Step): Promise<void> {
    switch (one.do) {
      case 'put':
        return await this.#put(one.block)
      case 'putTree':
        for (const number of this.#model.reached([one.block], () => true)) await this.#put(number)
        return undefined
      case 'has':
        expect(await this.#store.has(this.#block(one.block).cid)).toBe(this.#model.present.has(one.block))
        return this.#model.touch(one.block)
      case 'hold':
        this.#retention.hold(one.owner, this.#cids(one.roots))
        return this.#model.hold(one.owner, one.roots)
      case 'pin':
        return await this.#pin(one.owner, one.roots)
      case 'unpin':
        await this.#retention.unpin(one.owner)
        this.#model.pins.delete(one.owner)
        this.#model.holds.delete(one.owner)
        return undefined
      case 'flush':
        return await this.#store.flush()
      case 'gc':
        await this.#retention.gc()
        this.#model.gc()
        return await this.check()
      case 'reopen':
        return await this.#reopen()
    }
  }

  /** Everything that the model has is there, byte for byte, and nothing else. */
  async check(): Promise<void> {
    const expected = [...this.#model.present].map((number) => this.#block(number))
    expect(await lostOf(this.#store, expected)).toEqual([])
    const there = [...this.#store.cids()].map(String)
    expect(there.toSorted()).toEqual(expected.map(({ cid }) => String(cid)).toSorted())
    expect(this.#store.usage().blocks).toBe(expected.length)
    expect(this.#store.usage().bytes).toBe(expected.reduce((sum, { bytes }) => sum + bytes.length, 0))
    expect(this.#retention.pins().map(({ owner: who }) => who)).toEqual([...this.#model.pins.keys()].toSorted())
  }

  async close(): Promise<void> {
    await this.#store.close()
  }

  async #put(number: number): Promise<void> {
    await putAll(this.#store, [this.#block(number)])
    this.#model.put(number)
  }

  async #pin(who: string, roots: number[]): Promise<void> {
    const pinned = this.#retention.pin(who, this.#cids(roots))
    if (!this.#model.isWhole(roots)) return await expect(pinned).rejects.toMatchObject({ code: 'incomplete' })
    await pinned
    this.#model.pins.set(who, roots)
    this.#model.holds.delete(who)
    return undefined
  }

  async #reopen(): Promise<void> {
    await this.#store.close()
    this.#store = BlockStore.open(this.#folder, { packBytes: 1500 })
    this.#retention = new Retention(this.#store)
    this.#model.holds.clear()
    await this.check()
  }

  #block(number: number): TestBlock {
    return this.#blocks[number] as TestBlock
  }

  #cids(numbers: number[]): TestBlock['cid'][] {
    return numbers.map((number) => this.#block(number).cid)
  }
}

describe('blocks that releases share', () => {
  it('stay as long as one pinned or held release reaches them, and go with the last (property)', async () => {
    await fc.assert(
      fc.asyncProperty(universe, fc.array(step, { minLength: 5, maxLength: 40 }), async (links, steps) => {
        const run = new Run(links)
        for (const one of [...steps, { do: 'gc' as const }, { do: 'reopen' as const }, { do: 'gc' as const }])
          await run.step(one)
        await run.close()
      }),
      { numRuns: 120 },
    )
  }, 120_000)

  it('survive the very sequence that loses them in helia', async () => {
    const store = openStore(temporaryFolder())
    const retention = new Retention(store)
    const shared = leaf(1)
    const [a, b] = [parentOf([shared, leaf(2)]), parentOf([shared, leaf(3)])]
    await putAll(store, [shared, leaf(2), leaf(3), a, b])
    await retention.pin('a', [a.cid])
    await retention.pin('b', [b.cid])
    await retention.unpin('a')
    await retention.pin('a', [a.cid])
    await retention.unpin('b')
    await retention.gc()
    expect(await lostOf(store, [shared, leaf(2), a])).toEqual([])
    expect([await store.has(leaf(3).cid), await store.has(b.cid)]).toEqual([false, false])
  })

  it('survive when a release returns after a rollback, under two owners and one', async () => {
    const store = openStore(temporaryFolder())
    const retention = new Retention(store)
    const shared = [leaf(1), leaf(2)]
    const [first, second] = [parentOf([...shared, leaf(3)]), parentOf(shared)]
    await putAll(store, [...shared, leaf(3), first, second])
    for (const [who, root] of [
      ['n', first],
      ['n', second],
      ['m', first],
      ['n', first],
      ['m', second],
    ] as const) {
      await retention.pin(who, [root.cid])
    }
    await retention.unpin('m')
    await retention.gc()
    expect(await lostOf(store, [...shared, leaf(3), first])).toEqual([])
    expect(await store.has(second.cid)).toBe(false)
  })
})

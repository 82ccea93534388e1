import type { Block } from '@holdfast/dag'
import { describe, expect, it } from 'vitest'
import { BlockFetcher, NetworkError, type FetchEvents } from '../src/index.ts'
import { blockOf, FakeSource, honest, MemoryBlocks, sampleBlocks, stuck, turn } from './memory-blocks.ts'

const BLOCKS = sampleBlocks(100)
const wants = BLOCKS.map(({ cid, bytes }) => ({ cid, size: bytes.byteLength }))

interface Fetch {
  fetcher: BlockFetcher
  store: MemoryBlocks
  controller: AbortController
  /** What was told, one line each; blocks by source. */
  told: string[]
  from: Map<string, number>
}

function newFetch(sources: readonly FakeSource[], { budget = Infinity, lateAfter = 60_000 } = {}): Fetch {
  const store = new MemoryBlocks()
  const controller = new AbortController()
  const told: string[] = []
  const from = new Map<string, number>()
  const events: FetchEvents = {
    block: (_cid, _bytes, source) => from.set(source, (from.get(source) ?? 0) + 1),
    liar: (source, reason) => told.push(`${source} lied: ${reason.replace(/bafk\w+/, 'CID')}`),
    failed: (source, reason, final) => told.push(`${source} failed${final ? ' for good' : ''}: ${reason}`),
  }
  const fetcher = new BlockFetcher(store, controller.signal, budget, events, { lateAfter })
  for (const source of sources) fetcher.addSource(source)
  return { fetcher, store, controller, told, from }
}

function expectAll({ store, from }: Fetch): void {
  for (const { cid, bytes } of BLOCKS) expect(store.blocks.get(cid.toString())).toEqual(bytes)
  expect([...from.values()].reduce((sum, count) => sum + count, 0)).toBe(BLOCKS.length)
}

const broken = (reason = 'the line is dead'): NetworkError => new NetworkError('unreachable', reason)

describe('blocks are shared out', () => {
  it('among sources, each asked for each block once', async () => {
    const sources = ['a', 'b', 'c'].map((name) => new FakeSource(name, honest(BLOCKS)))
    const fetch = newFetch(sources)
    await fetch.fetcher.fetch(wants)
    expectAll(fetch)
    expect(sources.flatMap((source) => source.requests.flat())).toHaveLength(BLOCKS.length)
    for (const source of sources) {
      expect(source.given).toBeGreaterThan(10)
      expect(source.most).toBe(2)
      expect(source.running).toBe(0)
    }
  })

  it('to whoever has them', async () => {
    const even = new FakeSource('even', honest(BLOCKS.filter((_, i) => i % 2 === 0)))
    const odd = new FakeSource('odd', honest(BLOCKS.filter((_, i) => i % 2 === 1)))
    const fetch = newFetch([even, odd])
    await fetch.fetcher.fetch(wants)
    expectAll(fetch)
    expect(fetch.told).toEqual([])
    // Nobody is asked twice for what it lacks.
    for (const source of [even, odd]) expect(new Set(source.requests.flat()).size).toBe(source.requests.flat().length)
  })

  it('to a source that comes while it runs, never more than two requests to each', async () => {
    const { promise: joined, resolve: join } = Promise.withResolvers<void>()
    const first = new FakeSource('first', async function* (cids, signal) {
      join()
      yield* honest(BLOCKS.slice(0, 30))(cids, signal)
    })
    const second = new FakeSource('second', honest(BLOCKS))
    const fetch = newFetch([first])
    const running = fetch.fetcher.fetch(wants)
    await joined
    fetch.fetcher.addSource(second)
    fetch.fetcher.addSource(new FakeSource('second', stuck()))
    await running
    expectAll(fetch)
    expect(fetch.from.get('second')).toBeGreaterThanOrEqual(70)
    expect(Math.max(first.most, second.most)).toBe(2)
  })

  it('round after round, nothing wanted is nothing asked', async () => {
    const source = new FakeSource('a', honest(BLOCKS))
    const fetch = newFetch([source])
    await fetch.fetcher.fetch([])
    expect(source.requests).toEqual([])
    await fetch.fetcher.fetch(wants.slice(0, 50))
    await fetch.fetcher.fetch(wants.slice(50))
    expectAll(fetch)
  })
})

describe('a source that lies is dropped, and the others finish', () => {
  const lies: [string, (block: Block) => Block[], string][] = [
    ['with wrong bytes', ({ cid }) => [{ cid, bytes: new Uint8Array(10) }], 'sent bytes that are not the block CID'],
    ['with a block nobody asked for', () => [blockOf(new Uint8Array(7))], 'sent the block CID, which was not asked'],
    ['with a block twice', (block) => [block, block], 'sent the block CID, which was not asked'],
  ]
  it.each(lies)('%s', async (_name, lie, reason) => {
    const liar = new FakeSource('liar', async function* (cids, signal) {
      for await (const block of honest(BLOCKS)(cids.slice(0, 1), signal)) yield* lie(block)
    })
    const fetch = newFetch([liar, new FakeSource('honest', honest(BLOCKS))])
    await fetch.fetcher.fetch(wants)
    expectAll(fetch)
    expect(fetch.told).toEqual([`liar lied: ${reason}`])
    fetch.fetcher.addSource(new FakeSource('liar', stuck()))
    await fetch.fetcher.fetch(wants.slice(0, 1))
  })

  it('and when nobody else is there, that is said', async () => {
    const liar = new FakeSource('liar', async function* (cids) {
      await turn()
      for (const cid of cids) yield { cid, bytes: new Uint8Array(1) }
    })
    const fetch = newFetch([liar])
    await expect(fetch.fetcher.fetch(wants)).rejects.toMatchObject({
      code: 'lied',
      message: expect.stringContaining('liar: sent bytes'),
    })
    expect(fetch.store.puts).toEqual([])
  })

  it.each(['lied', 'too-large'] as const)('by an answer that is %s', async (code) => {
    const liar = new FakeSource('liar', async function* () {
      await turn()
      yield* []
      throw new NetworkError(code, 'no HTTP')
    })
    const fetch = newFetch([liar, new FakeSource('honest', honest(BLOCKS))])
    await fetch.fetcher.fetch(wants)
    expectAll(fetch)
    expect(fetch.told).toEqual(['liar lied: no HTTP'])
  })
})

describe('a source that fails', () => {
  it('in the middle, for ever, leaves the rest to others', async () => {
    const dying = new FakeSource('dying', async function* (cids, signal) {
      yield* honest(BLOCKS)(cids.slice(0, 2), signal)
      throw broken()
    })
    const fetch = newFetch([dying, new FakeSource('other', honest(BLOCKS))])
    await fetch.fetcher.fetch(wants)
    expectAll(fetch)
    expect(fetch.told[0]).toBe('dying failed: the line is dead')
    expect(fetch.from.get('dying')).toBeGreaterThan(0)
  })

  it('once, and is the only one, is asked again', async () => {
    let failures = 0
    const shaky = new FakeSource('shaky', async function* (cids, signal) {
      if (failures++ < 2) throw broken()
      yield* honest(BLOCKS)(cids, signal)
    })
    const fetch = newFetch([shaky])
    await fetch.fetcher.fetch(wants)
    expectAll(fetch)
    // Both of its requests broke together.
    expect(fetch.told).toEqual(['shaky failed: the line is dead'])
  })

  it('three times in a row is left alone, may come back, and is named when all is lost', async () => {
    const dead = new FakeSource('dead', async function* () {
      await turn()
      yield* []
      throw broken()
    })
    const fetch = newFetch([dead])
    await expect(fetch.fetcher.fetch(wants)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(
        /^100 blocks could not be had \(bafk\w+, bafk\w+, bafk\w+, …\); dead: the line is dead$/,
      ),
    })
    expect(fetch.told.at(-1)).toBe('dead failed for good: the line is dead')
    fetch.fetcher.addSource(new FakeSource('dead', honest(BLOCKS)))
    await fetch.fetcher.fetch(wants)
    expectAll(fetch)
  })
})

describe('it ends', () => {
  it('when nobody has the rest; what came is kept', async () => {
    const half = new FakeSource('half', honest(BLOCKS.slice(0, 50)))
    const fetch = newFetch([half])
    await expect(fetch.fetcher.fetch(wants)).rejects.toMatchObject({ code: 'incomplete' })
    expect(fetch.store.blocks.size).toBe(50)
    expect(half.running).toBe(0)
  })

  it('when there is nobody to ask', async () => {
    await expect(newFetch([]).fetcher.fetch(wants)).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('when more comes than the budget allows', async () => {
    const source = new FakeSource('a', honest(BLOCKS))
    const fetch = newFetch([source], { budget: 10_500 })
    await expect(fetch.fetcher.fetch(wants)).rejects.toMatchObject({ code: 'too-large' })
    expect(fetch.store.puts).toHaveLength(10)
    await turn()
    expect(source.running).toBe(0)
  })

  it('when the store fails, with its error, and nothing is put afterwards', async () => {
    const fetch = newFetch([new FakeSource('a', honest(BLOCKS)), new FakeSource('b', honest(BLOCKS))])
    const put = fetch.store.put.bind(fetch.store)
    fetch.store.put = async (cid, bytes) => {
      if (fetch.store.puts.length === 20) throw new RangeError('the disk is full')
      await put(cid, bytes)
    }
    await expect(fetch.fetcher.fetch(wants)).rejects.toThrow(RangeError)
    const { length } = fetch.store.puts
    for (let i = 0; i < 10; i++) await turn()
    expect(fetch.store.puts).toHaveLength(length)
  })

  it('on the signal, also with a source that heeds none', async () => {
    const fetch = newFetch([new FakeSource('stuck', stuck())])
    const running = fetch.fetcher.fetch(wants)
    expect(fetch.fetcher.waitingFor).toMatchObject({ cid: wants[0]?.cid, from: ['stuck'] })
    fetch.controller.abort(new Error('enough'))
    await expect(running).rejects.toMatchObject({ code: 'cancelled', cause: { message: 'enough' } })
    await expect(fetch.fetcher.fetch(wants)).rejects.toMatchObject({ code: 'cancelled' })
    expect(fetch.fetcher.waitingFor).toBeNull()
  })
})

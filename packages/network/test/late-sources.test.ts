/** A slow or silent source must not hold the end of a fetch, and little may come twice. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Block } from '@holdfast/dag'
import { expect, it } from 'vitest'
import { BlockFetcher } from '../src/index.ts'
import { FakeSource, honest, MemoryBlocks, sampleBlocks, stuck, type Behaviour } from './memory-blocks.ts'

const BLOCKS = sampleBlocks(60)
const wants = BLOCKS.map(({ cid, bytes }) => ({ cid, size: bytes.byteLength }))
const LATE = 40

async function fetchFrom(sources: readonly FakeSource[], lateAfter = LATE): Promise<MemoryBlocks> {
  const store = new MemoryBlocks()
  const fetcher = new BlockFetcher(store, AbortSignal.timeout(20_000), Infinity, {}, { lateAfter })
  for (const source of sources) fetcher.addSource(source)
  await fetcher.fetch(wants)
  expect(store.blocks.size).toBe(BLOCKS.length)
  return store
}

/** One block each `milliseconds`. */
function slow(milliseconds: number): Behaviour {
  return async function* (cids, signal) {
    for await (const block of honest(BLOCKS)(cids, signal)) {
      await delay(milliseconds)
      if (signal.aborted) return
      yield block
    }
  }
}

it('what a silent source holds is asked of an idle one', async () => {
  const quick = new FakeSource('quick', honest(BLOCKS))
  await fetchFrom([new FakeSource('stuck', stuck()), quick])
  expect(quick.given).toBe(BLOCKS.length)
})

it('two silent sources hold a block no longer for ever than one', async () => {
  const quick = new FakeSource('quick', honest(BLOCKS.slice(1)))
  let asked = 0
  const first = BLOCKS[0] as Block
  // Has the first block, but gives it only when it is asked alone and late.
  const patient = new FakeSource('patient', async function* (cids, signal) {
    yield* (++asked < 2 ? stuck() : honest([first]))(cids, signal)
  })
  await fetchFrom([new FakeSource('stuck', stuck()), new FakeSource('stuck too', stuck()), quick, patient])
})

it('a slow source gives its end to a quick one, and little comes twice', async () => {
  const [lame, quick] = [new FakeSource('lame', slow(LATE)), new FakeSource('quick', honest(BLOCKS))]
  const store = await fetchFrom([lame, quick])
  // Both of its first shares together are 30 blocks.
  // How many the slow one gives is the machine's matter; that it never keeps its whole share is ours.
  expect(lame.given).toBeLessThan(26)
  expect(quick.given + lame.given).toBeLessThanOrEqual(BLOCKS.length + 8)
  expect(store.puts.length).toBeLessThanOrEqual(BLOCKS.length + 2)
})

it('sources of one speed do not take work from each other', async () => {
  const sources = ['a', 'b', 'c'].map((name) => new FakeSource(name, honest(BLOCKS)))
  await fetchFrom(sources, 2000)
  expect(sources.reduce((sum, source) => sum + source.given, 0)).toBe(BLOCKS.length)
})

it('what a quick source took over and then fails to bring is still had from the slow one', async () => {
  let gave = 0
  const lame = new FakeSource('lame', slow(LATE / 4))
  const fickle = new FakeSource('fickle', async function* (cids, signal) {
    for await (const block of honest(BLOCKS)(cids, signal)) {
      if (++gave > 35) yield* stuck()(cids, signal)
      yield block
    }
  })
  await fetchFrom([lame, fickle])
})

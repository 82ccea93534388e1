/** Any mixture of sources: whatever somebody honest has arrives, once each, and nothing else is ever stored. */
import { setTimeout as delay } from 'node:timers/promises'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { BlockFetcher, NetworkError } from '../src/index.ts'
import { FakeSource, honest, MemoryBlocks, sampleBlocks, type Behaviour } from './memory-blocks.ts'

const BLOCKS = sampleBlocks(24, 100)

/** What a source does: which blocks it has, and after how many of them something goes wrong. */
const source = fc.record({
  has: fc.array(fc.boolean(), { minLength: BLOCKS.length, maxLength: BLOCKS.length }),
  after: fc.nat({ max: 12 }),
  turn: fc.constantFrom('goes on', 'lies', 'fails', 'sticks', 'sends more'),
  joins: fc.nat({ max: 10 }),
})

function behaviour({ has, after, turn }: { has: boolean[]; after: number; turn: string }): Behaviour {
  const held = honest(BLOCKS.filter((_, i) => has[i]))
  let given = 0
  return async function* (cids, signal) {
    for await (const block of held(cids, signal)) {
      if (given++ < after || turn === 'goes on') yield block
      else if (turn === 'lies') yield { cid: block.cid, bytes: new Uint8Array(3) }
      else if (turn === 'sticks') throw await stalled()
      else if (turn === 'sends more') yield* [block, block]
      else throw new NetworkError('unreachable', 'it failed')
    }
  }
}

/** Silence until the carrier gives up. */
async function stalled(): Promise<NetworkError> {
  await delay(40)
  return new NetworkError('stalled', 'it sent nothing')
}

it('holds for any mixture', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(source, { minLength: 1, maxLength: 6 }), async (plans) => {
      const honestHave = BLOCKS.map((_, i) => plans.some((plan) => plan.turn === 'goes on' && plan.has[i]))
      const store = new MemoryBlocks()
      const told: string[] = []
      let arrived = 0
      const events = {
        block: () => {
          arrived++
          for (const [i, plan] of plans.entries())
            if (plan.joins === arrived) fetcher.addSource(new FakeSource(`${i}`, behaviour(plan)))
        },
        liar: (name: string) => told.push(name),
      }
      const fetcher = new BlockFetcher(store, AbortSignal.timeout(20_000), Infinity, events, {
        lateAfter: 10,
        retryAfter: 1,
      })
      for (const [i, plan] of plans.entries())
        if (plan.joins === 0) fetcher.addSource(new FakeSource(`${i}`, behaviour(plan)))
      const wants = BLOCKS.map(({ cid }) => ({ cid }))
      const error: unknown = await fetcher.fetch(wants).then(
        () => null,
        (reason: unknown) => reason,
      )
      for (const { cid, bytes } of BLOCKS)
        if (store.blocks.has(cid.toString())) expect(store.blocks.get(cid.toString())).toEqual(bytes)
      expect(arrived).toBe(store.blocks.size)
      if (error === null) expect(store.blocks.size).toBe(BLOCKS.length)
      else expect((error as NetworkError).code).toMatch(/^(?:incomplete|unreachable|lied)$/)
      const allJoined = plans.every((plan) => plan.joins === 0)
      if (allJoined)
        for (const [i, { cid }] of BLOCKS.entries())
          if (honestHave[i]) expect(store.blocks.has(cid.toString())).toBe(true)
      for (const name of told) expect(plans[Number(name)]?.turn).toMatch(/lies|sends more/)
    }),
    { numRuns: 40 },
  )
})

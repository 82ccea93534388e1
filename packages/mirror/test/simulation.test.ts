/**
 * Many mirrors, one bad time after the other: every rule holds after every step (the simulation throws otherwise), and once the
 * network heals, all who are left serve the best release that any of them has, or a newer one, within a bounded time.
 */
import { Simulation, type SimulationOptions } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { RETRY_MAX_MS, SLOW_RETRY_MS, SYNC_MS } from '../src/index.ts'

const MINUTE = 60_000
const CALM = { liars: 0, loss: 0, crash: 0, full: 0, leave: 0, late: 0, death: 0, cuts: 0, disappear: 0, churn: 0 }
const USUAL = { mirrors: 6, archives: 1, releases: 4, keep: 2, turmoil: 10 * MINUTE }
/** Somebody hears of a release, fails with it, and succeeds after the longest pause; twice, as news takes two ways. */
const BOUND = 2 * (SYNC_MS + RETRY_MAX_MS)

const scenarios: [string, number, Omit<SimulationOptions, 'seed'>, number][] = [
  ['nothing goes wrong', 20, { ...CALM, ...USUAL }, MINUTE],
  ['messages are lost', 40, { ...CALM, ...USUAL, loss: 0.3 }, BOUND],
  ['programs are killed', 60, { ...CALM, ...USUAL, crash: 1, turmoil: 3 * MINUTE }, BOUND],
  ['the network is cut', 40, { ...CALM, ...USUAL, cuts: 5 }, BOUND],
  ['mirrors come late', 40, { ...CALM, ...USUAL, late: 1 }, BOUND],
  ['mirrors leave and return', 40, { ...CALM, ...USUAL, leave: 1, archives: 2, turmoil: 2 * MINUTE }, BOUND],
  ['disks fill up', 30, { ...CALM, ...USUAL, full: 0.7 }, BOUND + SLOW_RETRY_MS],
  ['the maintainer is caught', 80, { ...CALM, ...USUAL, late: 0.4, disappear: 1, turmoil: 2 * MINUTE }, BOUND],
  ['a third of the mirrors lies', 40, { ...CALM, ...USUAL, liars: 2, late: 0.4, disappear: 0.5 }, BOUND],
  [
    'releases come all at once',
    60,
    { ...CALM, ...USUAL, releases: 8, turmoil: 4_000, loss: 0.1, disappear: 0.5 },
    BOUND,
  ],
  [
    'everything at once',
    200,
    {
      mirrors: 8,
      liars: 1,
      archives: 2,
      releases: 4,
      keep: 2,
      turmoil: 10 * MINUTE,
      loss: 0.1,
      crash: 0.6,
      full: 0.3,
      leave: 0.3,
      late: 0.3,
      death: 0.2,
      cuts: 3,
      disappear: 0.6,
      churn: 0.1,
    },
    BOUND + SLOW_RETRY_MS,
  ],
]

describe.each(scenarios)('%s', (_, seeds, options, bound) => {
  it(`in ${seeds} histories`, () => {
    for (let seed = 1; seed <= seeds; seed += 1) {
      const simulation = new Simulation({ ...options, seed })
      simulation.run()
      expect(simulation.settle(bound), `seed ${seed} settles`).not.toBeNull()
      // What was given up is let go of, once the ledger is through.
      simulation.clock.advance(10_000)
      for (const node of simulation.survivors().filter((survivor) => survivor.isIdle())) {
        const held = node.disk.held.map(({ version }) => version)
        expect(held, `seed ${seed}: ${node.name} holds nothing for nobody`).toEqual([])
      }
    }
  })
})

it('sixty mirrors, and the maintainer stays', () => {
  const simulation = new Simulation({
    ...CALM,
    ...USUAL,
    mirrors: 60,
    loss: 0.05,
    late: 0.2,
    crash: 0.2,
    churn: 0.05,
    seed: 1,
  })
  simulation.run()
  expect(simulation.settle(BOUND)).not.toBeNull()
  expect(simulation.bestHeld('archive-0')).toBe(4)
})

it('one seed is one history', () => {
  const histories = [7, 7, 8].map((seed) => {
    const simulation = new Simulation({ ...CALM, ...USUAL, loss: 0.2, crash: 0.5, late: 0.5, seed })
    simulation.run()
    return { messages: simulation.messages, settled: simulation.settle(BOUND) }
  })
  expect(histories[0]).toEqual(histories[1])
  expect(histories[0]).not.toEqual(histories[2])
})

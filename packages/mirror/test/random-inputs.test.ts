/** Inputs in any order, twice, too late, or about nothing: no throw, no broken rule (watched-machine.ts), and in the end all is served. */
import { simulatedRelease, WatchedMachine } from '@holdfast/testkit'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { ReleaseInfo } from '@holdfast/release'
import { MirrorMachine, type Input } from '../src/index.ts'

const ADDRESSES = ['archive-a', 'archive-b']
const PEERS = ['bob', 'carol', 'dave', 'eve']
const SUCCESS = { fetch: 'fetched', pin: 'pinned', advanceHead: 'headAdvanced', unpin: 'unpinned' } as const
const FAILURE = { fetch: 'fetchFailed', pin: 'pinFailed', advanceHead: 'headFailed', unpin: 'unpinFailed' } as const

const address = fc.constantFrom(...ADDRESSES)
const peer = fc.constantFrom(...PEERS)
const version = fc.integer({ min: 1, max: 12 })
const release = fc.tuple(address, version).map(([of, number]) => simulatedRelease(of, number))
const serial = fc.nat({ max: 1_000 })

/** One step of a test: an input as it is, or something about what is under way at that moment. */
type Step =
  | { kind: 'input'; input: Input }
  | { kind: 'succeed' | 'fail'; which: number; code: string }
  | { kind: 'ring' | 'repeat'; which: number }

const input: fc.Arbitrary<Input> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('announced' as const),
      release,
      newRelease: fc.boolean(),
      from: fc.option(peer),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('releaseFound' as const), release }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('peerSeen' as const, 'peerLost' as const), peer }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('peerHead' as const),
      peer,
      address,
      verified: fc.option(version),
      served: fc.option(version),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('unfollowed' as const), address }) },
  { weight: 2, arbitrary: followed() },
)

/** What stores may say: any pinned releases, the head on one of them, or (damaged) on another. */
function followed(): fc.Arbitrary<Input> {
  return fc
    .record({
      address,
      kept: fc.uniqueArray(version, { maxLength: 4 }),
      verified: fc.option(version),
      isDamaged: fc.boolean(),
    })
    .map(({ address: of, kept, verified, isDamaged }) => {
      const releases = kept.toSorted((a, b) => a - b).map((number) => simulatedRelease(of, number))
      const served = releases.at(isDamaged ? -1 : 0) ?? null
      const newest = Math.max(verified ?? 0, ...kept)
      return {
        type: 'followed' as const,
        address: of,
        verified: newest > 0 ? simulatedRelease(of, newest) : null,
        served,
        kept: isDamaged ? releases.slice(0, -1) : releases,
      }
    })
}

const code = fc.constantFrom('unreachable', 'incomplete', 'disk-full', 'quota', 'retracted')
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('input' as const), input }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('succeed' as const), which: serial, code }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('fail' as const), which: serial, code }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('ring' as const, 'repeat' as const), which: serial }) },
)

/** Carries steps out on a machine under watch, and remembers what it said, to say it again. */
class Bench {
  readonly machine: WatchedMachine
  readonly #said: Input[] = []

  constructor(keep: number) {
    let chance = 0
    this.machine = new WatchedMachine({ keep }, () => (chance = (chance * 13 + 0.17) % 1))
  }

  take(taken: Step): void {
    if (taken.kind === 'input') this.#tell(taken.input)
    if (taken.kind === 'ring')
      this.#tellSome(
        this.machine.openTimers().map((id) => ({ type: 'timer', id })),
        taken.which,
      )
    if (taken.kind === 'repeat') this.#tellSome(this.#said, taken.which)
    if (taken.kind === 'succeed') this.#tellSome(this.reports(), taken.which)
    if (taken.kind === 'fail') this.#tellSome(this.#failures(taken.code), taken.which)
  }

  /** Success of everything that is under way. */
  reports(): Input[] {
    return this.machine.openJobs().map(({ id, kind, release: { address: of, version: number } }) => {
      return { type: SUCCESS[kind], address: of, version: number, job: id }
    })
  }

  /** From now on all goes well: timers ring, and everything succeeds. @returns how many rounds that took */
  goWell(): number {
    for (let round = 0; round < 20; round += 1) {
      const open = [...this.reports(), ...this.#retries()]
      if (open.length === 0) return round
      for (const report of open) this.#tell(report)
    }
    return Infinity
  }

  /** Timers but those that compare heads for ever. */
  #retries(): Input[] {
    return this.machine
      .openTimers()
      .filter((id) => !id.startsWith('sync'))
      .map((id) => ({ type: 'timer', id }))
  }

  #failures(because: string): Input[] {
    return this.machine.openJobs().map(({ id, kind, release: { address: of, version: number } }) => {
      return { type: FAILURE[kind], address: of, version: number, job: id, code: because, reason: 'by chance' }
    })
  }

  #tellSome(inputs: readonly Input[], which: number): void {
    const one = inputs[which % Math.max(1, inputs.length)]
    if (one) this.#tell(one)
  }

  #tell(one: Input): void {
    this.#said.push(one)
    this.machine.handle(one, this.#said.length)
  }
}

it('no rule breaks, whatever comes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }),
      (keep, steps) => {
        const bench = new Bench(keep)
        for (const taken of steps) bench.take(taken)
      },
    ),
    { numRuns: 600 },
  )
})

it('when all goes well at last, the newest is served and no more is kept than should be', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }),
      (keep, steps) => {
        const bench = new Bench(keep)
        for (const taken of steps) bench.take(taken)
        expect(bench.goWell()).toBeLessThan(20)
        for (const of of bench.machine.followed()) {
          const view = bench.machine.view(of)
          expect(view?.wanted).toEqual([])
          expect(view?.served?.version).toBe(view?.verified?.version)
          expect(view?.kept.length).toBeLessThanOrEqual(keep)
        }
      },
    ),
    { numRuns: 300 },
  )
})

it('the machine alone takes reports about anything, too, and recoveries to any release', () => {
  const branch = fc.integer({ min: 0, max: 1 })
  const any = fc
    .tuple(address, version, branch)
    .map(([of, number, side]): ReleaseInfo => simulatedRelease(of, number, side))
  const report = fc.record({
    type: fc.constantFrom(...Object.values(SUCCESS), ...Object.values(FAILURE)),
    address,
    version,
    job: fc.integer({ min: 1, max: 40 }),
    code,
    reason: fc.string(),
  })
  const announced = fc.record({
    type: fc.constant('announced' as const),
    release: any,
    newRelease: fc.boolean(),
    from: fc.option(peer),
    recovery: fc.boolean(),
  })
  const timer = fc.record({
    type: fc.constant('timer' as const),
    id: fc.constantFrom('sync-1', 'fetch-2', 'head-3', ''),
  })
  const wild = fc.oneof(report, announced, timer, input)
  fc.assert(
    fc.property(fc.array(wild, { maxLength: 150, size: 'max' }), (inputs) => {
      const machine = new MirrorMachine({ keep: 2 }, () => 0.5)
      for (const [moment, one] of inputs.entries()) machine.handle(one, moment)
      expect(machine.openErrands).toBeLessThan(100)
    }),
    { numRuns: 500 },
  )
})

/** One watched machine, with a test as its performer, its peers and its clock. */
import { ManualClock, NamedTimers, simulatedRelease, WatchedMachine } from '@holdfast/testkit'
import type { ReleaseInfo } from '@holdfast/release'
import type { Effect, Input, MirrorSettings } from '../src/index.ts'

type Report = Extract<Input, { job: number }>['type']

const JOB_OF = {
  fetched: 'fetch',
  fetchFailed: 'fetch',
  pinned: 'pin',
  pinFailed: 'pin',
  headAdvanced: 'advanceHead',
  headFailed: 'advanceHead',
  unpinned: 'unpin',
  unpinFailed: 'unpin',
} as const

export const ARCHIVE = 'archive-a'

export function release(version: number, branch = 0): ReleaseInfo {
  return simulatedRelease(ARCHIVE, version, branch)
}

export class Stage {
  readonly machine: WatchedMachine
  readonly #clock = new ManualClock()
  readonly #timers = new NamedTimers(this.#clock)
  #heard: Effect[] = []

  /** Without chance, pauses are as long as they can be. */
  constructor({ keep = 2 }: MirrorSettings = {}, random: () => number = () => 0) {
    this.machine = new WatchedMachine({ keep }, random)
  }

  tell(input: Input): Effect[] {
    const effects = this.machine.handle(input, this.#clock.now)
    for (const effect of effects) {
      if (effect.type === 'schedule') {
        const { id, after } = effect
        this.#timers.set(id, after, () => this.tell({ type: 'timer', id }))
      }
      if (effect.type === 'unschedule') this.#timers.clear(effect.id)
    }
    this.#heard.push(...effects)
    return effects
  }

  follow(state: { verified?: ReleaseInfo | null; served?: ReleaseInfo | null; kept?: ReleaseInfo[] } = {}): Effect[] {
    const { served = null, verified = served, kept = served ? [served] : [] } = state
    return this.tell({ type: 'followed', address: ARCHIVE, verified, served, kept })
  }

  announce(version: number, from: string | null = null): Effect[] {
    return this.tell({ type: 'announced', release: release(version), newRelease: true, from })
  }

  /** Reports on the open job of that kind and version. @throws Error when there is none */
  report(type: Report, version: number, code = 'unreachable'): Effect[] {
    const job = this.jobOf(JOB_OF[type], version)
    const done = { address: ARCHIVE, version, job }
    switch (type) {
      case 'fetched':
      case 'pinned':
      case 'headAdvanced':
      case 'unpinned':
        return this.tell({ type, ...done })
      default:
        return this.tell({ type, ...done, code, reason: 'as the test wants it' })
    }
  }

  jobOf(kind: 'fetch' | 'pin' | 'advanceHead' | 'unpin', version: number): number {
    const job = this.machine.openJobs().find((open) => open.kind === kind && open.release.version === version)
    if (job === undefined) throw new Error(`no ${kind} of release ${version} is under way`)
    return job.id
  }

  /** From the fetch under way to the served head. @returns the effects of the last step */
  serve(version: number): Effect[] {
    this.report('fetched', version)
    this.report('pinned', version)
    return this.report('headAdvanced', version)
  }

  /** A peer that answers the comparison of heads at once. */
  meet(peer: string, served: number | null, verified: number | null = served): Effect[] {
    return [...this.tell({ type: 'peerSeen', peer }), ...this.hear(peer, served, verified)]
  }

  hear(peer: string, served: number | null, verified: number | null = served): Effect[] {
    return this.tell({ type: 'peerHead', peer, address: ARCHIVE, verified, served })
  }

  /** Lets time pass. @returns what the timers that rang brought about */
  wait(ms: number): Effect[] {
    this.#heard = []
    this.#clock.advance(ms)
    return this.#heard
  }
}

/** @returns the effects of one type */
export function only<Type extends Effect['type']>(
  effects: readonly Effect[],
  type: Type,
): Extract<Effect, { type: Type }>[] {
  return effects.filter((effect): effect is Extract<Effect, { type: Type }> => effect.type === type)
}

/** @returns the versions that effects of one type are about */
export function versions(effects: readonly Effect[], type: 'fetch' | 'pin' | 'unpin' | 'advanceHead'): number[] {
  return only(effects, type).map((effect) => effect.release.version)
}

/** A mirror machine under watch: everything it must never do is checked after every step, from its inputs and effects alone. */
import {
  MAX_FALLBACKS,
  MAX_LEFTOVERS,
  MAX_PEERS,
  MAX_SOURCES,
  MirrorMachine,
  type ArchiveView,
  type Effect,
  type Input,
  type JobId,
  type MirrorSettings,
  type PeerName,
  type TimerId,
} from '@holdfast/mirror'
import type { ReleaseInfo } from '@holdfast/release'
import { WatchedArchive, demand, type WatchedJob } from './watched-archive.ts'

/** Steps told when a rule is broken. */
const REMEMBERED_STEPS = 30

export class WatchedMachine {
  readonly #machine: MirrorMachine
  readonly #keep: number
  readonly #archives = new Map<string, WatchedArchive>()
  readonly #timers = new Set<TimerId>()
  readonly #peers = new Set<PeerName>()
  readonly #jobs = new Map<JobId, WatchedJob>()
  readonly #steps: { input: Input; effects: Effect[] }[] = []

  constructor(settings: Required<MirrorSettings>, random: () => number) {
    this.#machine = new MirrorMachine(settings, random)
    this.#keep = settings.keep
  }

  /**
   * As the machine's own.
   *
   * @throws Error when the machine breaks a rule, with the steps that led there
   */
  handle(input: Input, now: number): Effect[] {
    let effects: Effect[] = []
    try {
      this.#before(input)
      effects = this.#machine.handle(input, now)
      for (const effect of effects) this.#effect(input, effect)
      this.#after()
    } catch (cause) {
      this.#remember(input, effects)
      throw new Error(`the mirror machine broke a rule:\n${this.#steps.map(told).join('\n')}`, { cause })
    }
    this.#remember(input, effects)
    return effects
  }

  view(address: string): ArchiveView | null {
    return this.#machine.view(address)
  }

  followed(): string[] {
    return this.#machine.followed()
  }

  /** Jobs that wait for their report, oldest first. */
  openJobs(): { id: JobId; kind: WatchedJob['kind']; release: ReleaseInfo }[] {
    return [...this.#jobs].map(([id, { kind, release }]) => ({ id, kind, release }))
  }

  /** Timers that run. */
  openTimers(): TimerId[] {
    return [...this.#timers]
  }

  #remember(input: Input, effects: Effect[]): void {
    this.#steps.push({ input, effects })
    if (this.#steps.length > REMEMBERED_STEPS) this.#steps.shift()
  }

  #before(input: Input): void {
    switch (input.type) {
      case 'followed':
        if (!this.#archives.has(input.address)) this.#archives.set(input.address, new WatchedArchive(input, this.#keep))
        return
      case 'announced':
        return this.#archives.get(input.release.address)?.announced(input)
      case 'fetched':
      case 'pinned':
      case 'headAdvanced':
      case 'unpinned':
      case 'fetchFailed':
      case 'pinFailed':
      case 'headFailed':
      case 'unpinFailed':
        return this.#reported(input)
      case 'peerSeen':
        this.#peers.add(input.peer)
        return
      case 'peerLost':
        this.#peers.delete(input.peer)
        for (const archive of this.#archives.values()) archive.heads.delete(input.peer)
        return
      case 'peerHead':
        if (this.#peers.has(input.peer)) this.#archives.get(input.address)?.heads.set(input.peer, input.served)
        return
      case 'timer':
        this.#timers.delete(input.id)
        break
      case 'unfollowed':
      case 'releaseFound':
    }
  }

  #reported({ type, address, version, job: id }: Extract<Input, { job: JobId }>): void {
    const job = this.#jobs.get(id)
    if (job?.release.address !== address || job.release.version !== version || !job.reports.includes(type)) return
    this.#jobs.delete(id)
    this.#archives.get(address)?.reported(type, job.release)
  }

  #effect(input: Input, effect: Effect): void {
    switch (effect.type) {
      case 'fetch':
        this.#checkSources(effect.from)
        this.#archive(effect.release.address).mayFetch(effect, this.#jobs)
        this.#jobs.set(effect.job, { kind: 'fetch', release: effect.release, reports: ['fetched', 'fetchFailed'] })
        return
      case 'pin':
        demand(input.type === 'fetched', 'a pin follows a fetch')
        this.#archive(effect.release.address).mayPin(effect.release)
        this.#jobs.set(effect.job, { kind: 'pin', release: effect.release, reports: ['pinned', 'pinFailed'] })
        return
      case 'advanceHead':
        this.#archive(effect.release.address).mayAdvance(effect.release, this.#jobs)
        this.#jobs.set(effect.job, {
          kind: 'advanceHead',
          release: effect.release,
          reports: ['headAdvanced', 'headFailed'],
        })
        return
      case 'unpin':
        this.#archive(effect.release.address).mayUnpin(effect.release, this.#jobs)
        this.#jobs.set(effect.job, { kind: 'unpin', release: effect.release, reports: ['unpinned', 'unpinFailed'] })
        return
      case 'addSource':
        demand(this.#jobs.get(effect.job)?.kind === 'fetch', 'a source is added to a fetch that runs')
        return this.#checkSources([effect.peer])
      case 'cancelFetch': {
        const job = this.#jobs.get(effect.job)
        if (job?.kind !== 'fetch') throw new Error('only a fetch that runs is cancelled')
        this.#jobs.delete(effect.job)
        if (input.type !== 'unfollowed') this.#archive(effect.address).mayCancel(job.release)
        return
      }
      case 'forget':
        return this.#forget(input, effect.address)
      case 'syncHeads':
        demand(this.#peers.has(effect.with), `${effect.with} is connected`)
        demand(effect.addresses.length > 0, 'heads of something are compared')
        for (const address of effect.addresses) this.#archive(address)
        return
      case 'findRelease':
        this.#archive(effect.address)
        return this.#checkSources(effect.from)
      case 'schedule':
        demand(!this.#timers.has(effect.id), 'a timer id is used once')
        demand(Number.isFinite(effect.after) && effect.after > 0, `a pause is a time, not ${effect.after}`)
        this.#timers.add(effect.id)
        return
      case 'unschedule':
        demand(this.#timers.delete(effect.id), 'only a timer that runs is unscheduled')
        return
      case 'report':
        this.#archive(effect.address)
        break
      case 'gc':
    }
  }

  #forget(input: Input, address: string): void {
    demand(input.type === 'unfollowed' && input.address === address, 'only what was unfollowed is forgotten')
    demand(this.#archives.delete(address), 'only what was followed is forgotten')
    for (const [id, job] of this.#jobs) {
      if (job.release.address !== address) continue
      demand(job.kind !== 'fetch', 'no fetch runs on for a forgotten archive')
      this.#jobs.delete(id)
    }
  }

  /** The archive of an effect: there is none for what is not followed. */
  #archive(address: string): WatchedArchive {
    const archive = this.#archives.get(address)
    if (archive === undefined) throw new Error(`an effect for ${address}, which is not followed`)
    return archive
  }

  #checkSources(from: readonly PeerName[]): void {
    demand(from.length <= MAX_SOURCES, 'sources are limited')
    demand(new Set(from).size === from.length, 'sources are named once')
    for (const peer of from) demand(this.#peers.has(peer), `${peer} is connected`)
  }

  #after(): void {
    for (const archive of this.#archives.values()) {
      archive.check(this.#machine.view(archive.address), this.#jobs)
    }
    // Per archive: its list of releases, their timers and jobs, two pauses, the ledger's own jobs.
    const jobs = [...this.#archives.values()].reduce((sum, archive) => sum + archive.pinned.length + MAX_LEFTOVERS, 0)
    const open = this.#archives.size * (2 * MAX_FALLBACKS + 8) + jobs + MAX_PEERS
    demand(this.#machine.openErrands <= open, `${this.#machine.openErrands} jobs and timers are open`)
    demand(this.#machine.peers().length <= MAX_PEERS, 'peers are limited')
    demand(this.#machine.followed().length === this.#archives.size, 'exactly what is followed is followed')
    this.#checkTimers()
  }

  #checkTimers(): void {
    const running = { sync: 0, fetch: 0, head: 0, unpin: 0 }
    for (const id of this.#timers) {
      for (const kind of ['sync', 'fetch', 'head', 'unpin'] as const) if (id.startsWith(kind)) running[kind] += 1
    }
    const views = this.followed().map((address) => this.#machine.view(address))
    const pauses = views.flatMap((view) => view?.wanted ?? []).filter(({ retryAt }) => retryAt !== null)
    demand(running.sync === this.#machine.peers().length, 'heads are compared with every peer from time to time')
    demand(running.fetch === pauses.length, 'each pause has one timer')
    demand(running.head <= views.length && running.unpin <= views.length, 'so have those of the ledger')
  }
}

function told({ input, effects }: { input: Input; effects: Effect[] }): string {
  return `${brief(input)} -> ${effects.map(brief).join(', ') || 'nothing'}`
}

function brief(step: Input | Effect): string {
  return JSON.stringify(step, (key, value: unknown) => {
    if (key === 'release') return (value as ReleaseInfo).version
    return key === 'kept' ? (value as ReleaseInfo[]).map(({ version }) => version) : value
  })
}

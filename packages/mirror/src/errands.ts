/** What is under way: effects that will report back, and timers. Late reports and stale timers find nothing here. */
import type { ReleaseInfo } from '@holdfast/release'
import type { Effect } from './effects.ts'
import type { JobId, PeerName, TimerId } from './names.ts'

export interface Job {
  id: JobId
  kind: 'fetch' | 'pin' | 'advanceHead' | 'unpin'
  release: ReleaseInfo
}

export type TimerPurpose =
  | { kind: 'fetch'; release: ReleaseInfo }
  | { kind: 'head' | 'unpin'; address: string }
  | { kind: 'sync'; peer: PeerName }

export class Errands {
  readonly #jobs = new Map<JobId, Job>()
  readonly #timers = new Map<TimerId, TimerPurpose>()
  #effects: Effect[] = []
  #lastJob = 0
  #lastTimer = 0

  emit(effect: Effect): void {
    this.#effects.push(effect)
  }

  /** @returns what was emitted since the last call, in order */
  takeEffects(): Effect[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  /** A new job; the caller emits the effect that carries it. */
  begin(kind: Job['kind'], release: ReleaseInfo): JobId {
    this.#lastJob += 1
    this.#jobs.set(this.#lastJob, { id: this.#lastJob, kind, release })
    return this.#lastJob
  }

  /** Takes the job that a report is about. @returns null when it was abandoned, reported already, or is another one */
  end(id: JobId, kind: Job['kind'], address: string, version: number): Job | null {
    const job = this.#jobs.get(id)
    if (job?.kind !== kind || job.release.address !== address || job.release.version !== version) return null
    this.#jobs.delete(id)
    return job
  }

  abandon(id: JobId): void {
    this.#jobs.delete(id)
  }

  underWay(kind: Job['kind'], address: string): Job[] {
    return [...this.#jobs.values()].filter((job) => job.kind === kind && job.release.address === address)
  }

  /** @param after milliseconds */
  schedule(purpose: TimerPurpose, after: number): TimerId {
    this.#lastTimer += 1
    const id = `${purpose.kind}-${this.#lastTimer}`
    this.#timers.set(id, purpose)
    this.emit({ type: 'schedule', id, after })
    return id
  }

  unschedule(id: TimerId): void {
    if (this.#timers.delete(id)) this.emit({ type: 'unschedule', id })
  }

  /** @returns what a timer that rang was for; null when it was unscheduled or rang before */
  ring(id: TimerId): TimerPurpose | null {
    const purpose = this.#timers.get(id) ?? null
    this.#timers.delete(id)
    return purpose
  }

  /** Abandons every job of an archive. */
  forget(address: string): void {
    for (const job of this.#jobs.values()) if (job.release.address === address) this.#jobs.delete(job.id)
  }

  /** How many jobs and timers are open, for the check that none leak. */
  get size(): number {
    return this.#jobs.size + this.#timers.size
  }
}

/** Fetches that run for the mirror's machine, by job: sources join, progress is told, the outcome is reported once. */
import { budgetFor, CarrierSource, NetworkError, reasonOf, type Carrier } from '@holdfast/network'
import type { Effect, Input, PeerName } from '@holdfast/mirror'
import { startFetch, type FetchStore, type RunningFetch } from '../archives/fetch-release.ts'
import { failureOf } from '../failure.ts'
import { FETCH_NOTE_MS } from './limits.ts'
import { SharedFetch } from './shared-fetch.ts'

type FetchEffect = Extract<Effect, { type: 'fetch' }>

interface Job {
  running: RunningFetch
  controller: AbortController
  shared: SharedFetch
}

/** What fetches need of the daemon. */
export interface FetchHelp {
  store: FetchStore
  carrier(peer: PeerName): Carrier
  /** Peers that mirror an archive. */
  mirrorsOf(address: string): PeerName[]
  /** Numbers from 0 to 1. */
  random(): number
  /** Bytes that may still be stored; Infinity without a quota. */
  room(): number
  report(input: Input): void
  /** Blocks and bytes that came, for logs. */
  progress(effect: FetchEffect, line: string): void
  liar(peer: PeerName, reason: string): void
}

/** Names a publisher that uploads over plain HTTP: what it brought is here, and it cannot be asked for more. */
export const UPLOADER = 'upload:'

function canBeAsked(peer: PeerName): boolean {
  return !peer.startsWith(UPLOADER)
}

/** What the release was signed for is never more than the rest of the quota lets us take, or the quota is to blame. */
function codeOf(error: unknown, quotaIsLess: boolean): string {
  if (!(error instanceof NetworkError)) return failureOf(error).code
  return error.code === 'too-large' && quotaIsLess ? 'quota' : error.code
}

export class FetchJobs {
  readonly #help: FetchHelp
  readonly #jobs = new Map<number, Job>()

  constructor(help: FetchHelp) {
    this.#help = help
  }

  start(effect: FetchEffect): void {
    const { release, job, from } = effect
    const { address, version } = release
    const room = this.#help.room()
    const controller = new AbortController()
    const sources = from.filter(canBeAsked).map((peer) => this.#source(peer))
    const shared = new SharedFetch(
      release,
      {
        store: this.#help.store,
        carrier: (peer) => this.#help.carrier(peer),
        mirrors: () => this.#help.mirrorsOf(address),
      },
      () => running,
      controller.signal,
    )
    const running = startFetch(release, this.#help.store, sources, controller.signal, {
      ...this.#progressOf(effect, shared),
      // Alone, a fetch goes in the order in which the release is read later.
      ...(this.#isShared(effect) && { shared: { random: () => this.#help.random() } }),
      listed: () => void shared.begin(),
      room,
    })
    this.#jobs.set(job, { running, controller, shared })
    running.done.then(
      () => this.#end(job, { type: 'fetched', address, version, job }),
      (error: unknown) => {
        const reason = reasonOf(error)
        const code = codeOf(error, room < budgetFor(release.size, release.files))
        this.#end(job, { type: 'fetchFailed', address, version, job, code, reason })
      },
    )
  }

  addSource(job: number, peer: PeerName): void {
    const found = this.#jobs.get(job)
    if (found !== undefined && canBeAsked(peer) && !found.shared.isWhole(peer))
      found.running.addSource(this.#source(peer))
  }

  /** Nothing is reported any more. */
  cancel(job: number): void {
    const found = this.#jobs.get(job)
    this.#jobs.delete(job)
    found?.controller.abort()
  }

  /** @returns what is here of a release that is being fetched, for whoever fetches it too; null for any other */
  parts(manifest: string): Uint8Array | null {
    return [...this.#jobs.values()].find(({ shared }) => shared.manifest === manifest)?.shared.parts() ?? null
  }

  stop(): void {
    for (const job of this.#jobs.keys()) this.cancel(job)
  }

  /** Whether others may be fetching it too. */
  #isShared({ release, from }: FetchEffect): boolean {
    const mirrors = this.#help.mirrorsOf(release.address)
    return mirrors.length > 1 || (mirrors.length === 1 && from.some((peer) => !mirrors.includes(peer)))
  }

  #source(peer: PeerName): CarrierSource {
    return new CarrierSource(this.#help.carrier(peer))
  }

  #end(job: number, outcome: Input): void {
    const found = this.#jobs.get(job)
    if (!this.#jobs.delete(job)) return
    found?.controller.abort()
    this.#help.report(outcome)
  }

  #progressOf(effect: FetchEffect, shared: SharedFetch): Parameters<typeof startFetch>[4] {
    let bytes = 0
    let planned = 0
    let last = performance.now()
    return {
      planned: (_blocks, more) => (planned += more),
      block: (cid, size) => {
        shared.stored(cid)
        bytes += size
        const now = performance.now()
        if (now - last < FETCH_NOTE_MS) return
        last = now
        this.#help.progress(effect, `${bytes} of ${Math.max(planned, bytes)} bytes`)
      },
      liar: (source, reason) => this.#help.liar(source, reason),
    }
  }
}

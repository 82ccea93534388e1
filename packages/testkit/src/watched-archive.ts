/** What one archive of a watched mirror machine must keep to (packages/mirror; the numbers are those of its rules). */
import {
  MAX_FALLBACKS,
  MAX_HEADS,
  type ArchiveView,
  type Effect,
  type Input,
  type JobId,
  type PeerName,
} from '@holdfast/mirror'
import type { ReleaseInfo } from '@holdfast/release'

export interface WatchedJob {
  kind: 'fetch' | 'pin' | 'advanceHead' | 'unpin'
  release: ReleaseInfo
  /** Inputs that end it. */
  reports: Input['type'][]
}

type Jobs = ReadonlyMap<JobId, WatchedJob>

export class WatchedArchive {
  readonly address: string
  /** As the performer reported it. */
  pinned: ReleaseInfo[]
  served: ReleaseInfo | null
  readonly heads = new Map<PeerName, number | null>()
  readonly #keep: number
  #verified: ReleaseInfo | null
  readonly #fetched: ReleaseInfo[] = []
  /** Releases whose signers were voted out, by announcements that said so. */
  #hasRecovered: boolean

  constructor({ address, verified, served, kept }: Extract<Input, { type: 'followed' }>, keep: number) {
    this.address = address
    this.pinned = [...kept]
    this.served = served
    this.#verified = verified
    this.#keep = keep
    this.#hasRecovered = [...kept, ...(served ? [served] : [])].some((release) => this.#isRevoked(release))
  }

  announced({ release, recovery = false }: Extract<Input, { type: 'announced' }>): void {
    const isHigher = this.#verified === null || release.version > this.#verified.version
    if (!isHigher && recovery) this.#hasRecovered = true
    if (isHigher || recovery) this.#verified = release
  }

  reported(type: Input['type'], release: ReleaseInfo): void {
    if (type === 'fetched') this.#fetched.push(release)
    if (type === 'pinned') this.pinned = [...without(this.pinned, release), release]
    if (type === 'headAdvanced') this.served = release
    if (type === 'unpinned') this.pinned = without(this.pinned, release)
  }

  /** Rules 3 and 4: at most two fetches, only of what would be better, holders asked first. */
  mayFetch({ release, from }: Extract<Effect, { type: 'fetch' }>, jobs: Jobs): void {
    const running = this.#running(jobs, 'fetch', 'pin')
    demand(!running.some((other) => same(other, release)), 'a release is fetched once at a time')
    demand(this.#running(jobs, 'fetch').length < 2, 'at most two fetches run')
    demand(!this.#leaving(jobs).some((gone) => same(gone, release)), 'what is being unpinned is not fetched')
    demand(!this.#isRevoked(release), 'nobody signed this release any more')
    demand(!includes(without(this.pinned, ...this.#leaving(jobs)), release), 'what is pinned is not fetched')
    const { served } = this
    const isBetter = served === null || this.#isRevoked(served) || release.version > served.version
    demand(
      isBetter || (served !== null && same(served, release)),
      'what is older than the served release is not fetched',
    )
    if (this.heads.size > MAX_HEADS) return
    const holds = from.map((peer) => (this.heads.get(peer) ?? 0) >= release.version)
    const strangers = holds.includes(false) ? holds.slice(holds.indexOf(false)) : []
    demand(!strangers.includes(true), 'those that claim to hold it come first')
  }

  /** Rule 1: pinned only after fetched. */
  mayPin(release: ReleaseInfo): void {
    demand(includes(this.#fetched, release), 'only what was fetched is pinned')
  }

  /** Rule 1: advanced only after pinned, and never down. */
  mayAdvance(release: ReleaseInfo, jobs: Jobs): void {
    demand(includes(this.pinned, release), `release ${release.version} is served before it is pinned`)
    demand(!this.#leaving(jobs).some((gone) => same(gone, release)), 'what is being unpinned is not served')
    demand(this.#running(jobs, 'advanceHead').length === 0, 'one move of the head at a time')
    const { served } = this
    const isUp = served === null || release.version > served.version
    demand(isUp || (this.#hasRecovered && served !== null && this.#isRevoked(served)), 'the head goes down')
    demand(!this.#isRevoked(release), 'a revoked release is served')
  }

  /** Rule 2: unpinned only after the head moved on, and the newest `keep` stay. */
  mayUnpin(release: ReleaseInfo, jobs: Jobs): void {
    demand(this.#running(jobs, 'advanceHead').length === 0, 'nothing is unpinned while the head moves')
    const inWork = this.#running(jobs, 'fetch', 'pin', 'unpin').some((other) => same(other, release))
    demand(!inWork, `release ${release.version} is let go while it is in work`)
    if (!includes(this.pinned, release)) return
    const { served } = this
    if (served === null) throw new Error('nothing is unpinned before something is served')
    demand(!same(served, release), 'what is served is unpinned')
    if (this.#isRevoked(release)) return demand(!this.#isRevoked(served), 'the only thing to serve is unpinned')
    const stay = without(this.pinned, release, ...this.#leaving(jobs)).filter((other) => !this.#isRevoked(other))
    const newer = stay.filter((other) => other.version > release.version)
    demand(
      newer.length >= this.#keep,
      `release ${release.version} is unpinned though it is among the newest ${this.#keep}`,
    )
  }

  /** Rule 3: cancelled only for something newer, or because something as good is pinned. */
  mayCancel(release: ReleaseInfo): void {
    const isOutdated = [...this.pinned, ...(this.#verified ? [this.#verified] : [])].some(
      (other) => other.version > release.version || same(other, release),
    )
    demand(isOutdated || this.#isRevoked(release), `the fetch of release ${release.version} is cancelled for nothing`)
  }

  /** What holds between two steps. */
  check(view: ArchiveView | null, jobs: Jobs): void {
    if (view === null) throw new Error(`${this.address} is followed`)
    demand(this.#agrees(view.served, this.served), 'the machine serves what was reported')
    demand(
      this.#agrees(view.verified, this.#verified),
      'the newest verified release is known, apart from the served one',
    )
    demand(view.kept.length === this.pinned.length, 'the machine knows what is pinned')
    demand(view.wanted.length <= MAX_FALLBACKS + 3, `${view.wanted.length} releases are wanted`)
    demand(view.peers.length <= MAX_HEADS, 'heads are limited')
    this.#checkProgress(view, jobs)
  }

  /** Nothing ever waits for nothing: there is a job, a timer, or the turn of another release. */
  #checkProgress(view: ArchiveView, jobs: Jobs): void {
    const verified = this.#verified
    const isHad = verified === null || includes(this.pinned, verified)
    if (isHad || this.#leaving(jobs).some((gone) => same(gone, verified))) return
    const wanted = view.wanted.find(({ release }) => same(release, verified))
    if (wanted === undefined) throw new Error(`nobody cares for release ${verified.version}`)
    const isRunning = this.#running(jobs, 'fetch', 'pin').some((release) => same(release, verified))
    demand(isRunning === (wanted.phase !== 'waiting'), 'the view says what runs')
    demand(isRunning || wanted.retryAt !== null, `release ${verified.version} waits for nothing`)
  }

  #agrees(seen: ReleaseInfo | null, told: ReleaseInfo | null): boolean {
    return seen === null || told === null ? seen === told : same(seen, told)
  }

  #isRevoked(release: ReleaseInfo): boolean {
    const verified = this.#verified
    return verified !== null && release.version >= verified.version && !same(release, verified)
  }

  #running(jobs: Jobs, ...kinds: WatchedJob['kind'][]): ReleaseInfo[] {
    return [...jobs.values()]
      .filter(({ kind, release }) => kinds.includes(kind) && release.address === this.address)
      .map(({ release }) => release)
  }

  #leaving(jobs: Jobs): ReleaseInfo[] {
    return this.#running(jobs, 'unpin')
  }
}

/** @throws Error that names the rule */
export function demand(holds: boolean, rule: string): void {
  if (!holds) throw new Error(rule)
}

function same(a: ReleaseInfo, b: ReleaseInfo): boolean {
  return a.version === b.version && a.cid.equals(b.cid)
}

function includes(releases: readonly ReleaseInfo[], release: ReleaseInfo): boolean {
  return releases.some((other) => same(other, release))
}

function without(releases: readonly ReleaseInfo[], ...gone: ReleaseInfo[]): ReleaseInfo[] {
  return releases.filter((release) => !includes(gone, release))
}

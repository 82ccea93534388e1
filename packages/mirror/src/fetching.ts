/**
 * Which releases are fetched, and when. The policy:
 *
 * - The newest verified release is fetched at once. A fetch of an older one that runs is cancelled for it, so that all
 *   bandwidth goes to the newest; nothing is lost by that, because blocks that came stay held, most are shared, and
 *   the older release stays in reserve.
 * - But not for ever: when releases come faster than they can be fetched, every one would be cancelled and none served.
 *   After MAX_PREEMPTIONS the running fetch is left to finish, beside that of the newest.
 * - When the newest failed with all known peers, the best of the older releases in reserve is fetched, if it is newer than
 *   what is served: a release that nobody can get must not keep us from serving the one before. It is not cancelled
 *   when the newest gets its next attempt: a peer that claims to hold the newest and does not could starve us otherwise.
 * - So at most two fetches run for one archive, and each that fails has its own growing pause.
 */
import type { ReleaseInfo } from '@holdfast/release'
import { isNewest, isSame, isUseful, type Archive, type PeerHeads, type Wanted } from './archive.ts'
import { pauseAfter } from './backoff.ts'
import type { Errands } from './errands.ts'
import { findingOf, isSlow, type Failure, type Finding } from './failure.ts'
import type { PeerName } from './names.ts'
import { MAX_FALLBACKS, MAX_FINDS, MAX_LEFTOVERS, MAX_PREEMPTIONS, MAX_SOURCES } from './limits.ts'
import { claims, knowsArchive, type PeerTable } from './peers.ts'

export class Fetching {
  readonly #errands: Errands
  readonly #peers: PeerTable
  readonly #random: () => number

  constructor(errands: Errands, peers: PeerTable, random: () => number) {
    this.#errands = errands
    this.#peers = peers
    this.#random = random
  }

  /** Puts a release on the list, unless it is there. */
  want(archive: Archive, release: ReleaseInfo, announcer: PeerName | null): void {
    if (archive.wanted.some((wanted) => isSame(wanted.release, release))) return
    archive.wanted.push(newWanted(release, announcer))
    archive.wanted.sort((a, b) => b.release.version - a.release.version)
    archive.leftovers = archive.leftovers.filter((leftover) => !isSame(leftover, release))
    this.#limit(archive)
  }

  /** A newer release is known: cancels the fetch of the one that was the newest, within the policy. */
  preempt(archive: Archive, older: Wanted): void {
    if (older.phase !== 'fetching') return
    const another = archive.wanted.some((wanted) => wanted !== older && wanted.phase !== 'waiting')
    if (!another && archive.preempted >= MAX_PREEMPTIONS) return
    archive.preempted += 1
    this.#cancel(older)
  }

  /** Drops what has become useless, and starts what may start. */
  proceed(archive: Archive): void {
    const leaving = this.#errands.underWay('unpin', archive.address).map((job) => job.release)
    if (archive.verified !== null && isUseful(archive, archive.verified, leaving)) {
      this.want(archive, archive.verified, null)
    }
    for (const wanted of archive.wanted) {
      // A pin under way cannot be called back; its report decides.
      if (wanted.phase !== 'pinning' && !isUseful(archive, wanted.release, leaving)) this.#drop(archive, wanted)
    }
    const isLeaving = (wanted: Wanted): boolean => leaving.some((gone) => isSame(gone, wanted.release))
    const ready = archive.wanted.filter(
      (wanted) => wanted.phase === 'waiting' && wanted.timer === null && !isLeaving(wanted),
    )
    const newest = ready.find((wanted) => isNewest(archive, wanted))
    if (newest) this.#start(archive, newest)
    const fallback = this.#chooseFallback(archive, ready)
    if (fallback === null) return
    this.#start(archive, fallback)
    const message = `release ${fallback.release.version} is fetched meanwhile, because the newest cannot be had`
    this.#report(fallback, { code: 'fallback', level: 'info', message })
  }

  fetched(wanted: Wanted): void {
    wanted.phase = 'pinning'
    wanted.sources.clear()
    wanted.job = this.#errands.begin('pin', wanted.release)
    this.#errands.emit({ type: 'pin', release: wanted.release, job: wanted.job })
  }

  /** It is pinned: off the list. */
  done(archive: Archive, wanted: Wanted): void {
    archive.wanted = archive.wanted.filter((other) => other !== wanted)
  }

  /** Fetch or pin failed: later again, and whatever helps until then. */
  failed(archive: Archive, wanted: Wanted, failure: Failure, now: number): void {
    const during = wanted.phase === 'fetching' ? 'fetching' : 'pinning'
    for (const [peer, claimed] of wanted.sources) if (claimed) wanted.disproven.add(peer)
    wanted.phase = 'waiting'
    wanted.job = null
    wanted.sources.clear()
    wanted.failures += 1
    wanted.lastCode = failure.code
    wanted.slow = isSlow(failure.code)
    const pause = pauseAfter(wanted.failures, wanted.slow, this.#random)
    wanted.timer = this.#errands.schedule({ kind: 'fetch', release: wanted.release }, pause)
    wanted.retryAt = now + pause
    const hasHolder = [...archive.heads.values()].some((heads) => claims(heads, wanted.release.version))
    this.#report(wanted, findingOf(wanted, failure, during, hasHolder))
    if (during === 'pinning') return
    if (!wanted.slow) this.#askAround(archive, wanted)
    if (isNewest(archive, wanted)) this.#findOlder(archive, wanted)
  }

  /** The pause is over; `proceed` starts it when it is its turn. */
  rang(wanted: Wanted): void {
    wanted.timer = null
    wanted.retryAt = null
  }

  /** What a peer says may make it a source of what is being fetched, or end a pause. */
  heard(archive: Archive, peer: PeerName, heads: PeerHeads): void {
    for (const wanted of archive.wanted) {
      const isHolder = claims(heads, wanted.release.version)
      if (wanted.phase === 'fetching') this.#offerSource(wanted, peer, isHolder, knowsArchive(heads))
      const endsPause = wanted.phase === 'waiting' && wanted.timer !== null && !wanted.slow
      if (!endsPause || !isHolder || wanted.disproven.has(peer)) continue
      this.#stopTimer(wanted)
    }
  }

  /** A peer is gone: when it comes back, its word counts again. */
  lost(archive: Archive, peer: PeerName): void {
    for (const wanted of archive.wanted) {
      wanted.sources.delete(peer)
      wanted.disproven.delete(peer)
      if (wanted.announcer === peer) wanted.announcer = null
    }
  }

  /** Stops everything, for an archive that is forgotten. */
  stop(archive: Archive): void {
    for (const wanted of archive.wanted) {
      if (wanted.phase === 'fetching') this.#cancel(wanted)
      this.#stopTimer(wanted)
    }
    archive.wanted = []
  }

  #chooseFallback(archive: Archive, ready: readonly Wanted[]): Wanted | null {
    const newest = archive.wanted.find((wanted) => isNewest(archive, wanted))
    if (newest === undefined || newest.failures === 0 || newest.phase === 'pinning') return null
    if (archive.wanted.some((wanted) => wanted !== newest && wanted.phase !== 'waiting')) return null
    const older = ready.filter((wanted) => wanted !== newest)
    const offered = older.find((wanted) => isOffered(archive, wanted))
    // Beside an attempt for the newest only what somebody has; in its pauses it costs nothing to ask for the others.
    return offered ?? (newest.phase === 'waiting' ? (older[0] ?? null) : null)
  }

  /** The list is bounded: of those that wait, one that nobody offers makes room, the oldest of these first. */
  #limit(archive: Archive): void {
    const reserve = archive.wanted.filter((wanted) => wanted.phase === 'waiting' && !isNewest(archive, wanted))
    const ranked = [
      ...reserve.filter((wanted) => isOffered(archive, wanted)),
      ...reserve.filter((wanted) => !isOffered(archive, wanted)),
    ]
    for (const wanted of ranked.slice(MAX_FALLBACKS)) this.#drop(archive, wanted)
  }

  #start(archive: Archive, wanted: Wanted): void {
    const from = this.#peers.sourcesFor(archive, wanted)
    const { version } = wanted.release
    wanted.phase = 'fetching'
    wanted.attempted = true
    wanted.sources = new Map(from.map((peer) => [peer, claims(archive.heads.get(peer), version)]))
    wanted.job = this.#errands.begin('fetch', wanted.release)
    this.#errands.emit({ type: 'fetch', release: wanted.release, job: wanted.job, from })
  }

  #cancel(wanted: Wanted): void {
    if (wanted.job === null) return
    const { address, version } = wanted.release
    this.#errands.abandon(wanted.job)
    this.#errands.emit({ type: 'cancelFetch', address, version, job: wanted.job })
    wanted.phase = 'waiting'
    wanted.job = null
    wanted.sources.clear()
  }

  #drop(archive: Archive, wanted: Wanted): void {
    if (wanted.phase === 'fetching') this.#cancel(wanted)
    this.#stopTimer(wanted)
    this.done(archive, wanted)
    if (!wanted.attempted) return
    archive.leftovers = [...archive.leftovers, wanted.release].slice(-MAX_LEFTOVERS)
  }

  #stopTimer(wanted: Wanted): void {
    if (wanted.timer !== null) this.#errands.unschedule(wanted.timer)
    this.rang(wanted)
  }

  #offerSource(wanted: Wanted, peer: PeerName, isHolder: boolean, isFollower: boolean): void {
    const known = wanted.sources.get(peer)
    const isBetter = isHolder && known !== true
    // Followers without the release hold parts of it, perhaps.
    const isNew = isFollower && known === undefined && wanted.sources.size < MAX_SOURCES
    if (wanted.job === null || (!isBetter && !isNew)) return
    wanted.sources.set(peer, isHolder)
    const { address, version } = wanted.release
    this.#errands.emit({ type: 'addSource', address, version, job: wanted.job, peer })
  }

  /** Somebody may have got it since we last asked. */
  #askAround(archive: Archive, wanted: Wanted): void {
    for (const peer of this.#peers.sourcesFor(archive, wanted)) {
      this.#errands.emit({ type: 'syncHeads', with: peer, addresses: [archive.address] })
    }
  }

  /** What others serve instead of the newest: one who came late never heard of it (gossip does not repeat). */
  #findOlder(archive: Archive, newest: Wanted): void {
    const servers = new Map<number, PeerName[]>()
    for (const [peer, { served }] of archive.heads) {
      if (served === null || served >= newest.release.version || served <= floorOf(archive)) continue
      if (archive.wanted.some(({ release }) => release.version === served)) continue
      servers.set(served, [...(servers.get(served) ?? []), peer])
    }
    // Most voices first: a liar may name any number.
    const ordered = [...servers].toSorted(([a, from], [b, others]) => others.length - from.length || b - a)
    for (const [version, from] of ordered.slice(0, MAX_FINDS)) {
      this.#errands.emit({ type: 'findRelease', address: archive.address, version, from: from.slice(0, MAX_SOURCES) })
    }
  }

  #report({ release, reported }: Wanted, finding: Finding | null): void {
    if (finding === null || reported.has(finding.code)) return
    reported.add(finding.code)
    const { address, version } = release
    this.#errands.emit({ type: 'report', address, version, ...finding })
  }
}

/** Whether somebody who was not found wrong before claims to hold it. */
function isOffered({ heads }: Archive, { release, disproven }: Wanted): boolean {
  return [...heads].some(([peer, known]) => claims(known, release.version) && !disproven.has(peer))
}

function floorOf({ served }: Archive): number {
  return served?.version ?? 0
}

function newWanted(release: ReleaseInfo, announcer: PeerName | null): Wanted {
  return {
    release,
    phase: 'waiting',
    job: null,
    announcer,
    sources: new Map(),
    disproven: new Set(),
    failures: 0,
    lastCode: null,
    slow: false,
    timer: null,
    retryAt: null,
    attempted: false,
    reported: new Set(),
  }
}

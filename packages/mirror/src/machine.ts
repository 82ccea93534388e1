/** The mirror's decisions: `handle(input, now)` changes the state and says what is to be done. */
import type { ReleaseInfo } from '@holdfast/release'
import { isNewest, isRevoked, isSame, newArchive, type Archive, type Wanted } from './archive.ts'
import type { Effect } from './effects.ts'
import { Errands, type Job } from './errands.ts'
import { MirrorError } from './errors.ts'
import { Fetching } from './fetching.ts'
import type { Announced, Done, Failed, Followed, Input, PeerHead, ReleaseFound } from './inputs.ts'
import type { PeerName } from './names.ts'
import { Keeping } from './keeping.ts'
import { DEFAULT_KEEP } from './limits.ts'
import { PeerTable, knowsArchive, rememberHeads } from './peers.ts'
import { viewOf, type ArchiveView } from './view.ts'

export interface MirrorSettings {
  /** Releases kept per archive, the served one among them; at least 1. */
  keep?: number
}

/** Which job a report is about. */
const JOB_OF = {
  fetched: 'fetch',
  fetchFailed: 'fetch',
  pinned: 'pin',
  pinFailed: 'pin',
  headAdvanced: 'advanceHead',
  headFailed: 'advanceHead',
  unpinned: 'unpin',
  unpinFailed: 'unpin',
} as const satisfies Record<(Done | Failed)['type'], Job['kind']>

export class MirrorMachine {
  readonly #archives = new Map<string, Archive>()
  readonly #errands = new Errands()
  readonly #peers: PeerTable
  readonly #fetching: Fetching
  readonly #keeping: Keeping

  /**
   * @param random between 0 and 1, 1 excluded
   * @throws MirrorError 'bad-setting'
   */
  constructor(settings: MirrorSettings, random: () => number) {
    const { keep = DEFAULT_KEEP } = settings
    if (!Number.isSafeInteger(keep) || keep < 1)
      throw new MirrorError('bad-setting', 'keep is a whole number from 1 on')
    this.#peers = new PeerTable(this.#errands, random)
    this.#fetching = new Fetching(this.#errands, this.#peers, random)
    this.#keeping = new Keeping(this.#errands, keep, random)
  }

  /**
   * @param now milliseconds, by any clock: it is only handed on, in views
   * @returns what is to be done, in this order; never throws
   */
  handle(input: Input, now: number): Effect[] {
    this.#take(input, now)
    return this.#errands.takeEffects()
  }

  /** @returns null for an archive that is not followed */
  view(address: string): ArchiveView | null {
    const archive = this.#archives.get(address)
    return archive ? viewOf(archive) : null
  }

  /** Addresses of all followed archives. */
  followed(): string[] {
    return [...this.#archives.keys()]
  }

  /** Connected peers, as far as they are remembered. */
  peers(): PeerName[] {
    return this.#peers.names()
  }

  /** Jobs and timers that are open: bounded, whatever comes in. */
  get openErrands(): number {
    return this.#errands.size
  }

  #take(input: Input, now: number): void {
    switch (input.type) {
      case 'followed':
        return this.#followed(input)
      case 'unfollowed':
        return this.#unfollowed(input.address)
      case 'announced':
        return this.#announced(input)
      case 'releaseFound':
        return this.#releaseFound(input)
      case 'fetched':
      case 'pinned':
      case 'headAdvanced':
      case 'unpinned':
        return this.#done(input)
      case 'fetchFailed':
      case 'pinFailed':
      case 'headFailed':
      case 'unpinFailed':
        return this.#failed(input, now)
      case 'peerSeen':
        return this.#peerSeen(input.peer)
      case 'peerLost':
        return this.#peerLost(input.peer)
      case 'peerHead':
        return this.#peerHead(input, now)
      case 'timer':
        return this.#rang(input.id)
    }
  }

  /** The one place where the state of an archive turns into effects. */
  #proceed(archive: Archive): void {
    this.#fetching.proceed(archive)
    this.#keeping.proceed(archive)
  }

  #followed(input: Followed): void {
    const { address, served } = input
    if (this.#archives.has(address)) return
    const archive = newArchive(input)
    this.#archives.set(address, archive)
    if (served !== null && !isRevoked(archive, served) && !archive.kept.some((kept) => isSame(kept, served))) {
      const message = `release ${served.version} is served but not pinned: it is fetched again`
      this.#warn(served, 'unpinned-head', message)
      this.#fetching.want(archive, served, null)
    }
    for (const peer of this.#peers.names()) {
      this.#errands.emit({ type: 'syncHeads', with: peer, addresses: [address] })
    }
    this.#proceed(archive)
  }

  #unfollowed(address: string): void {
    const archive = this.#archives.get(address)
    if (!archive) return
    this.#fetching.stop(archive)
    this.#keeping.stop(archive)
    this.#errands.forget(address)
    this.#archives.delete(address)
    this.#errands.emit({ type: 'forget', address })
    this.#errands.emit({ type: 'gc' })
  }

  #announced({ release, from, recovery = false }: Announced): void {
    const archive = this.#archives.get(release.address)
    if (!archive) return
    const { verified } = archive
    if (verified !== null && isSame(verified, release)) return refresh(archive, release)
    const isHigher = verified === null || release.version > verified.version
    if (!isHigher && !recovery) return
    if (!isHigher) {
      this.#warn(
        release,
        'recovery',
        `the keys behind release ${verified.version} were taken away: ${release.version} counts now`,
      )
    }
    const older = archive.wanted.find((wanted) => isNewest(archive, wanted))
    archive.verified = release
    this.#fetching.want(archive, release, from)
    if (older) this.#fetching.preempt(archive, older)
    this.#proceed(archive)
  }

  #releaseFound({ release }: ReleaseFound): void {
    const archive = this.#archives.get(release.address)
    // It can only stand in for a newer one. (What is no older than the newest is dropped as of no use.)
    if (!archive || archive.verified === null) return
    this.#fetching.want(archive, release, null)
    this.#proceed(archive)
  }

  #done({ type, address, version, job: id }: Done): void {
    const archive = this.#archives.get(address)
    const job = this.#errands.end(id, JOB_OF[type], address, version)
    if (!archive || !job) return
    if (job.kind === 'advanceHead') this.#keeping.headAdvanced(archive, job.release)
    else if (job.kind === 'unpin') this.#keeping.unpinned(archive, job.release)
    else {
      const wanted = wantedOf(archive, id)
      if (!wanted) return
      if (job.kind === 'fetch') this.#fetching.fetched(wanted)
      else {
        this.#fetching.done(archive, wanted)
        this.#keeping.pinned(archive, wanted.release)
      }
    }
    this.#proceed(archive)
  }

  #failed(input: Failed, now: number): void {
    const { type, address, version, job: id } = input
    const archive = this.#archives.get(address)
    const job = this.#errands.end(id, JOB_OF[type], address, version)
    if (!archive || !job) return
    if (job.kind === 'advanceHead') this.#keeping.failed(archive, 'head', version, input)
    else if (job.kind === 'unpin') this.#keeping.failed(archive, 'unpin', version, input)
    else {
      const wanted = wantedOf(archive, id)
      if (wanted) this.#fetching.failed(archive, wanted, input, now)
    }
    this.#proceed(archive)
  }

  #peerSeen(peer: PeerName): void {
    const evicted = this.#peers.add(peer, this.#archives)
    if (evicted !== null) this.#dropClaims(evicted)
  }

  #peerLost(peer: PeerName): void {
    this.#peers.remove(peer)
    this.#dropClaims(peer)
  }

  #dropClaims(peer: PeerName): void {
    for (const archive of this.#archives.values()) {
      archive.heads.delete(peer)
      this.#fetching.lost(archive, peer)
    }
  }

  #peerHead({ peer, address, verified, served }: PeerHead, now: number): void {
    const archive = this.#archives.get(address)
    if (!archive || !this.#peers.has(peer)) return
    const heads = { verified, served }
    rememberHeads(archive, peer, heads)
    if (knowsArchive(heads)) archive.heardAt = now
    this.#fetching.heard(archive, peer, heads)
    this.#proceed(archive)
  }

  #rang(id: string): void {
    const purpose = this.#errands.ring(id)
    if (purpose === null) return
    if (purpose.kind === 'sync') return this.#peers.compare(purpose.peer, this.followed())
    const archive = this.#archives.get(purpose.kind === 'fetch' ? purpose.release.address : purpose.address)
    if (!archive) return
    if (purpose.kind === 'fetch') {
      const wanted = archive.wanted.find(({ timer }) => timer === id)
      if (wanted) this.#fetching.rang(wanted)
    } else this.#keeping.rang(archive, purpose.kind)
    this.#proceed(archive)
  }

  #warn({ address, version }: ReleaseInfo, code: 'unpinned-head' | 'recovery', message: string): void {
    this.#errands.emit({ type: 'report', level: 'warning', address, version, code, message })
  }
}

function wantedOf(archive: Archive, job: number): Wanted | null {
  return archive.wanted.find((wanted) => wanted.job === job) ?? null
}

/** The same release with newer words around it: another expiry, more signers, a changed name. */
function refresh(archive: Archive, release: ReleaseInfo): void {
  const renew = (old: ReleaseInfo): ReleaseInfo => (isSame(old, release) ? release : old)
  archive.verified = release
  archive.served = archive.served && renew(archive.served)
  archive.kept = archive.kept.map(renew)
  for (const wanted of archive.wanted) wanted.release = renew(wanted.release)
}

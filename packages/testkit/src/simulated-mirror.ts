/** One simulated mirror: a watched machine, and a performer of its effects as careless as the contract allows. */
import type { Effect, Input, JobId } from '@holdfast/mirror'
import type { ReleaseInfo } from '@holdfast/release'
import { NamedTimers, type ManualClock } from './manual-clock.ts'
import type { SeededRandom } from './seeded-random.ts'
import { SimulatedDisk } from './simulated-disk.ts'
import { SimulatedFetch } from './simulated-fetch.ts'
import { LEDGER_DELAY, SimulatedLedger } from './simulated-ledger.ts'
import type { Linked, SimulatedNetwork } from './simulated-network.ts'
import { blocksOf } from './simulated-release.ts'
import { WatchedMachine } from './watched-machine.ts'

export interface SimulatedWorld {
  clock: ManualClock
  random: SeededRandom
  network: SimulatedNetwork<SimulatedMirror>
}

/** Blocks given in one answer. */
const BATCH = 3

export class SimulatedMirror implements Linked {
  readonly name: string
  readonly disk = new SimulatedDisk()
  /** Claims to serve the newest release it heard of, and gives no block. */
  readonly isLiar: boolean
  life = 0
  readonly #world: SimulatedWorld
  readonly #keep: number
  #machine: WatchedMachine | null = null
  readonly #timers: NamedTimers
  readonly #fetches = new Map<JobId, SimulatedFetch>()
  readonly #ledger: SimulatedLedger

  constructor(name: string, world: SimulatedWorld, options: { keep: number; isLiar?: boolean }) {
    this.name = name
    this.#world = world
    this.#timers = new NamedTimers(world.clock)
    this.#ledger = new SimulatedLedger(world.clock, world.random)
    this.#keep = options.keep
    this.isLiar = options.isLiar ?? false
  }

  get isUp(): boolean {
    return this.#machine !== null
  }

  /** Starts the program on whatever the disk has. */
  start(): void {
    if (this.isUp) return
    this.life += 1
    this.#machine = new WatchedMachine({ keep: this.#keep }, this.#world.random.next)
    for (const [address, { isFollowed }] of this.disk.archives) {
      if (isFollowed) this.#tellFollowed(address)
      else this.disk.forget(address)
    }
  }

  /** Kills it: all that is not on the disk is gone. */
  kill(): void {
    if (!this.isUp) return
    this.#ledger.crash()
    this.disk.crash(this.#world.random)
    this.#timers.clearAll()
    for (const fetch of this.#fetches.values()) fetch.cancel()
    this.#fetches.clear()
    this.#machine = null
    this.#world.network.stopped(this.name)
  }

  follow(address: string): void {
    const isLeaving = this.disk.archives.get(address)?.isFollowed === false
    if (isLeaving && this.isUp) {
      // Not before `forget` was performed.
      this.#world.clock.after(LEDGER_DELAY.high, () => this.follow(address))
      return
    }
    if (isLeaving) this.disk.forget(address)
    this.disk.follow(address)
    if (this.isUp) this.#tellFollowed(address)
  }

  unfollow(address: string): void {
    const archive = this.disk.archives.get(address)
    if (archive) archive.isFollowed = false
    if (archive) this.#handle({ type: 'unfollowed', address })
  }

  follows(address: string): boolean {
    return this.disk.archives.get(address)?.isFollowed ?? false
  }

  /** Whether nothing is on its way: what is verified is served, as far as this mirror knows. */
  isIdle(): boolean {
    const views = this.#machine?.followed().map((address) => this.#machine?.view(address)) ?? []
    return views.every((view) => view?.wanted.length === 0)
  }

  /** Version on the disk, or 0. */
  servedVersion(address: string): number {
    return this.disk.archives.get(address)?.served?.version ?? 0
  }

  /** As a maintainer: the blocks are here before anybody hears of the release. */
  publish(release: ReleaseInfo): void {
    if (!this.isUp) return
    for (const block of blocksOf(release)) this.disk.put(block)
    this.hear(release, null)
  }

  /** An announcement, from whatever carrier. Verifies as the real one does: only what is newer passes. */
  hear(release: ReleaseInfo, from: string | null): void {
    const archive = this.disk.archives.get(release.address)
    if (!this.isUp || !archive?.isFollowed || (archive.verified?.version ?? 0) >= release.version) return
    archive.verified = release
    archive.past.set(release.version, release)
    this.#handle({ type: 'announced', release, newRelease: true, from })
    for (const peer of this.#world.network.linksOf(this.name)) {
      this.#world.network.send(this.name, peer, (node) => node.hear(release, this.name))
    }
  }

  peerSeen(peer: string): void {
    this.#handle({ type: 'peerSeen', peer })
  }

  peerLost(peer: string): void {
    this.#handle({ type: 'peerLost', peer })
  }

  #tellFollowed(address: string): void {
    const { verified, served, pinned } = this.disk.follow(address)
    this.#handle({ type: 'followed', address, verified, served, kept: [...pinned] })
  }

  #handle(input: Input): void {
    if (this.#machine === null) return
    for (const effect of this.#machine.handle(input, this.#world.clock.now)) this.#perform(effect)
    this.disk.check()
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'fetch':
        return this.#fetch(effect)
      case 'addSource':
        return this.#fetches.get(effect.job)?.addSource(effect.peer)
      case 'cancelFetch':
        this.#fetches.get(effect.job)?.cancel()
        this.#fetches.delete(effect.job)
        return
      case 'pin':
        return this.#pin(effect)
      case 'advanceHead':
        return this.#advance(effect)
      case 'unpin': {
        const { release, job } = effect
        return this.#write(
          () => this.disk.unpin(release),
          () => this.#report('unpinned', release, job),
        )
      }
      case 'forget':
        return this.#write(() => {
          if (!this.follows(effect.address)) this.disk.forget(effect.address)
        })
      case 'gc':
        return this.#write(() => this.disk.collect())
      case 'syncHeads':
        for (const address of effect.addresses) this.#compareHeads(effect.with, address)
        return
      case 'findRelease':
        return this.#findRelease(effect)
      case 'schedule':
        return this.#timers.set(effect.id, effect.after, () => this.#handle({ type: 'timer', id: effect.id }))
      case 'unschedule':
        return this.#timers.clear(effect.id)
      case 'report':
    }
  }

  #fetch(effect: Extract<Effect, { type: 'fetch' }>): void {
    const { release, job } = effect
    const fetch = new SimulatedFetch(effect, {
      disk: this.disk,
      ask: (peer, blocks, heard) => {
        this.#world.network.ask(this.name, peer, (node) => node.giveBlocks(blocks), heard)
      },
      ended: (outcome) => {
        this.#fetches.delete(job)
        const { address, version } = release
        this.#handle({ ...outcome, address, version, job })
      },
    })
    this.#fetches.set(job, fetch)
    this.#world.clock.after(1, () => fetch.goOn())
  }

  giveBlocks(blocks: string[]): string[] {
    return this.isLiar ? [] : blocks.filter((block) => this.disk.has(block)).slice(0, BATCH)
  }

  #pin({ release, job }: Extract<Effect, { type: 'pin' }>): void {
    const { address, version } = release
    let failure: { code: string; reason: string } | null = null
    this.#write(
      () => {
        if (this.disk.missingOf(release).length > 0) failure = { code: 'incomplete', reason: 'a block is not there' }
        else if (this.disk.isFull) failure = { code: 'disk-full', reason: 'no room for the ledger' }
        else this.disk.pin(release)
      },
      () => {
        if (failure) this.#handle({ type: 'pinFailed', address, version, job, ...failure })
        else this.#report('pinned', release, job)
      },
    )
  }

  #advance({ release, job }: Extract<Effect, { type: 'advanceHead' }>): void {
    const { address, version } = release
    const archive = this.disk.archives.get(address)
    const { isFull } = this.disk
    this.#write(
      () => {
        if (archive && !isFull) archive.served = release
      },
      () => {
        const failure = { code: 'disk-full', reason: 'no room for the head' }
        if (isFull) this.#handle({ type: 'headFailed', address, version, job, ...failure })
        else this.#report('headAdvanced', release, job)
      },
    )
  }

  #report(type: 'pinned' | 'headAdvanced' | 'unpinned', { address, version }: ReleaseInfo, job: JobId): void {
    this.#handle({ type, address, version, job })
  }

  #write(write: () => void, report?: () => void): void {
    const checked = (): void => {
      write()
      this.disk.check()
    }
    this.#ledger.add(checked, report)
  }

  #compareHeads(peer: string, address: string): void {
    const { network } = this.#world
    network.ask(
      this.name,
      peer,
      (node) => node.headsOf(address),
      (heads) => {
        if (heads === null) return
        this.#handle({ type: 'peerHead', peer, address, ...heads })
        if ((heads.verified ?? 0) <= (this.disk.archives.get(address)?.verified?.version ?? 0)) return
        network.ask(
          this.name,
          peer,
          (node) => node.newestOf(address),
          (release) => {
            if (release !== null) this.hear(release, peer)
          },
        )
      },
    )
  }

  headsOf(address: string): { verified: number | null; served: number | null } {
    const archive = this.disk.archives.get(address)
    if (archive?.isFollowed !== true) return { verified: null, served: null }
    const verified = archive.verified?.version ?? null
    return { verified, served: this.isLiar ? verified : (archive.served?.version ?? null) }
  }

  newestOf(address: string): ReleaseInfo | null {
    return this.disk.archives.get(address)?.verified ?? null
  }

  #findRelease({ address, version, from }: Extract<Effect, { type: 'findRelease' }>): void {
    const found = (release: ReleaseInfo): void => this.#handle({ type: 'releaseFound', release })
    const own = this.disk.archives.get(address)?.past.get(version)
    if (own) {
      this.#world.clock.after(1, () => found(own))
      return
    }
    for (const peer of from) {
      const question = (node: SimulatedMirror): ReleaseInfo | null => node.pastOf(address, version)
      this.#world.network.ask(this.name, peer, question, (release) => {
        if (release === null) return
        this.disk.archives.get(address)?.past.set(version, release)
        found(release)
      })
    }
  }

  pastOf(address: string, version: number): ReleaseInfo | null {
    return this.disk.archives.get(address)?.past.get(version) ?? null
  }
}

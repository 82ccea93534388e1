/**
 * Mirrors through a bad time: late and lost messages, cuts, crashes, full disks, liars, and a maintainer that disappears; then
 * the network heals. One seed decides on everything. Broken rules throw (watched-machine.ts).
 */
import { ManualClock } from './manual-clock.ts'
import { SeededRandom } from './seeded-random.ts'
import { SimulatedMirror, type SimulatedWorld } from './simulated-mirror.ts'
import { SimulatedNetwork } from './simulated-network.ts'
import { simulatedRelease } from './simulated-release.ts'

export interface SimulationOptions {
  seed: number
  /** Beside the maintainer. */
  mirrors: number
  /** Of them. */
  liars: number
  archives: number
  /** Releases of each archive. */
  releases: number
  /** Releases each mirror keeps. */
  keep: number
  /** Milliseconds until the network heals. */
  turmoil: number
  /** Chance that a message is lost until then. */
  loss: number
  /** Chance that a node links to one more at each look around, a few seconds apart; without, links stay while they hold. */
  churn: number
  /** Chances, for each mirror: that it crashes (up to three times), fills its disk, leaves and returns, starts late, dies for good. */
  crash: number
  full: number
  leave: number
  late: number
  death: number
  /** Times that the network is cut. */
  cuts: number
  /** Chance that the maintainer disappears: some time, or in the middle of handing out a release. */
  disappear: number
}

/** Milliseconds from a publication until a maintainer is caught, when it is caught at it. */
const CAUGHT_WITHIN = 4_000
const DOWN = { low: 500, high: 120_000 }
const CUT = { low: 5_000, high: 240_000 }

export class Simulation {
  readonly clock = new ManualClock()
  readonly addresses: string[]
  readonly maintainer: SimulatedMirror
  readonly mirrors: SimulatedMirror[]
  readonly #options: SimulationOptions
  readonly #random: SeededRandom
  readonly #network: SimulatedNetwork<SimulatedMirror>
  readonly #dead = new Set<SimulatedMirror>()

  constructor(options: SimulationOptions) {
    this.#options = options
    this.#random = new SeededRandom(options.seed)
    this.#network = new SimulatedNetwork(this.clock, this.#random)
    this.addresses = Array.from({ length: options.archives }, (_, i) => `archive-${i}`)
    const world: SimulatedWorld = { clock: this.clock, random: this.#random, network: this.#network }
    const { keep, liars } = options
    this.maintainer = new SimulatedMirror('alice', world, { keep })
    this.mirrors = Array.from(
      { length: options.mirrors },
      (_, i) => new SimulatedMirror(`mirror-${i}`, world, { keep, isLiar: i < liars }),
    )
    for (const node of [this.maintainer, ...this.mirrors]) {
      for (const address of this.addresses) node.follow(address)
      this.#network.join(node)
    }
  }

  /** Everything that goes wrong, until the network is healed and everybody who is not dead is up. */
  run(): void {
    const { turmoil, loss, cuts, churn } = this.#options
    this.#network.loss = loss
    this.#network.churn = churn
    this.maintainer.start()
    this.#publishAll()
    for (const mirror of this.mirrors) this.#planFateOf(mirror)
    for (let i = 0; i < cuts; i += 1) this.#planCut()
    this.clock.advance(turmoil)
    this.#heal()
  }

  /** Messages sent so far. */
  get messages(): number {
    return this.#network.sent
  }

  /** Honest mirrors that are left, and the maintainer if it is. */
  survivors(): SimulatedMirror[] {
    return [this.maintainer, ...this.mirrors].filter((node) => node.isUp && !node.isLiar)
  }

  /** Version of the newest release that a survivor serves; 0 when none serves any. */
  bestHeld(address: string): number {
    return Math.max(...this.survivors().map((node) => node.servedVersion(address)))
  }

  /**
   * Lets time pass until all survivors serve one and the same release of each archive, the best that is held or a newer one.
   *
   * @param within milliseconds
   * @returns milliseconds that it took; null when it took longer
   */
  settle(within: number): number | null {
    const survivors = this.survivors()
    const best = this.addresses.map((address) => this.bestHeld(address))
    return this.clock.until(
      () =>
        this.addresses.every((address, i) => {
          const [first = 0, ...others] = survivors.map((node) => node.servedVersion(address))
          return first >= (best[i] ?? 0) && others.every((version) => version === first)
        }),
      within,
    )
  }

  #sometime(): number {
    return this.#random.between(0, this.#options.turmoil)
  }

  #at(moment: number, run: () => void): void {
    this.clock.after(moment - this.clock.now, run)
  }

  #publishAll(): void {
    const { releases, disappear, turmoil } = this.#options
    const moments: number[] = []
    for (const address of this.addresses) {
      const times = Array.from({ length: releases }, () => this.#sometime()).toSorted((a, b) => a - b)
      for (const [i, moment] of times.entries()) {
        this.#at(moment, () => this.maintainer.publish(simulatedRelease(address, i + 1)))
      }
      moments.push(...times)
    }
    if (!this.#random.chance(disappear)) return
    const isCaught = this.#random.chance(0.5)
    const moment = isCaught
      ? (this.#random.pick(moments) ?? 0) + this.#random.between(0, CAUGHT_WITHIN)
      : this.#sometime()
    this.#at(Math.min(moment, turmoil), () => this.#die(this.maintainer))
  }

  #planFateOf(mirror: SimulatedMirror): void {
    const { crash, full, leave, late, death } = this.#options
    const random = this.#random
    const birth = random.chance(late) ? this.#sometime() : 0
    this.#at(birth, () => mirror.start())
    const crashes = random.chance(crash) ? random.whole(1, 3) : 0
    for (let i = 0; i < crashes; i += 1) this.#at(this.#sometime(), () => this.#crash(mirror))
    if (random.chance(full)) this.#planFullDisk(mirror)
    if (random.chance(leave)) this.#planLeave(mirror)
    if (random.chance(death)) this.#at(this.#sometime(), () => this.#die(mirror))
  }

  #crash(mirror: SimulatedMirror): void {
    if (!mirror.isUp) return
    mirror.kill()
    this.clock.after(this.#random.between(DOWN.low, DOWN.high), () => {
      if (!this.#dead.has(mirror)) mirror.start()
    })
  }

  #die(node: SimulatedMirror): void {
    this.#dead.add(node)
    node.kill()
  }

  #planFullDisk(mirror: SimulatedMirror): void {
    const moment = this.#sometime()
    this.#at(moment, () => void (mirror.disk.isFull = true))
    this.#at(moment + this.#sometime(), () => void (mirror.disk.isFull = false))
  }

  #planLeave(mirror: SimulatedMirror): void {
    const address = this.#random.pick(this.addresses) ?? ''
    const moment = this.#sometime()
    this.#at(moment, () => mirror.unfollow(address))
    const back = Math.min(moment + this.#random.between(0, 60_000), this.#options.turmoil)
    this.#at(back, () => mirror.follow(address))
  }

  #planCut(): void {
    const moment = this.#sometime()
    const islands = this.#random.whole(2, 3)
    this.#at(moment, () => this.#network.partition(() => this.#random.whole(1, islands)))
    this.#at(moment + this.#random.between(CUT.low, CUT.high), () => this.#network.partition(() => 0))
  }

  #heal(): void {
    this.#network.loss = 0
    this.#network.partition(() => 0)
    for (const mirror of this.mirrors) {
      mirror.disk.isFull = false
      if (!this.#dead.has(mirror)) mirror.start()
    }
  }
}

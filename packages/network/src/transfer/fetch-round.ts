import { setTimeout as delay } from 'node:timers/promises'
import { BATCH_BLOCKS, BATCH_BYTES, HOPE_MS, REQUESTS_PER_SOURCE, SPARED_TIMES } from '../limits.ts'
import { Flight, OpenWant, type Lane, type Want } from './lane.ts'
import { rarestFirst, sharedBatchBytes, type Sharing } from './rarest-first.ts'
import { lateShare } from './late-share.ts'

/** How a request ended: its source may be asked again, after a pause in milliseconds for which it sleeps, or never. */
export type FlightEnd = { again: true; after: number; lacks: boolean } | { again: false }

/** What a round needs of its fetcher. */
export interface RoundHelp {
  /** Live sources; the fetcher adds and removes. */
  readonly lanes: ReadonlySet<Lane>
  readonly lateAfter: number
  /** As FetchSettings.shared. */
  readonly shared?: Sharing | undefined
  /** Performs one request: calls `round.arrived` for each block that it has stored. @throws what ends the whole fetch */
  ask(flight: Flight, round: FetchRound): Promise<FlightEnd>
}

/** One set of wanted blocks, shared out among all sources. Every change ends in `deal`, which alone hands out work. */
export class FetchRound {
  readonly #help: RoundHelp
  /** Wants that are not stored yet, by CID. */
  readonly #open: Map<string, OpenWant>
  /** Those of them that nobody is asked for now. */
  readonly #free: Map<string, OpenWant>
  readonly #flights = new Set<Flight>()
  readonly #running = new Set<Promise<void>>()
  readonly #over = new AbortController()
  readonly #end = Promise.withResolvers<OpenWant[]>()
  #sleeping = 0
  #lastArrival = performance.now()

  constructor(wants: readonly Want[], help: RoundHelp) {
    this.#help = help
    this.#open = new Map(wants.map((want) => [want.cid.toString(), new OpenWant(want)]))
    if (help.shared !== undefined) for (const want of this.#open.values()) want.lot = help.shared.random()
    this.#free = new Map(this.#open)
  }

  /**
   * Runs until all is stored or nobody is left who might have the rest. When it settles, nothing is under way any more.
   *
   * @returns what could not be had
   * @throws the reason given to `fail`
   */
  async run(): Promise<OpenWant[]> {
    // Lateness is a matter of time, not of events.
    const timer = setInterval(() => this.deal(), this.#help.lateAfter / 4)
    try {
      this.deal()
      return await this.#end.promise
    } finally {
      clearInterval(timer)
      this.#over.abort()
      for (const flight of this.#flights) flight.controller.abort()
      await Promise.all(this.#running)
    }
  }

  fail(error: unknown): void {
    this.#end.reject(error)
    this.#over.abort()
  }

  /** Whether a block is still wanted. */
  wants(key: string): boolean {
    return this.#open.has(key)
  }

  /** The oldest want that is asked for, or null. */
  get oldest(): OpenWant | null {
    let oldest: OpenWant | null = null
    for (const { open } of this.#flights)
      for (const want of open.values())
        if (this.wants(want.key) && (oldest === null || want.askedAt < oldest.askedAt)) oldest = want
    return oldest
  }

  /** A block is stored. @returns false when it was before */
  arrived(flight: Flight, want: OpenWant, bytes = 0): boolean {
    this.#lastArrival = performance.now()
    flight.arrived(this.#lastArrival, bytes)
    if (!this.#open.delete(want.key)) return false
    for (const other of want.flights) {
      other.open.delete(want.key)
      if (other !== flight && other.open.size === 0) other.controller.abort()
    }
    return true
  }

  /** Gives work to every source that can take it, and ends the round when there is none left. */
  deal(): void {
    if (this.#over.signal.aborted) return
    // One request each before anybody gets a second.
    for (let i = 0; i < REQUESTS_PER_SOURCE; i++) for (const lane of this.#help.lanes) this.#dealTo(lane)
    if (this.#open.size > 0 && (this.#flights.size > 0 || this.#sleeping > 0 || this.#isHopeful())) return
    this.#end.resolve([...this.#open.values()])
    this.#over.abort()
  }

  #dealTo(lane: Lane): void {
    // Where others share in it, what is asked of a source that holds everything is better not asked by two.
    const most =
      this.#help.shared !== undefined && lane.source.offers === undefined && lane.isSlow() ? 1 : REQUESTS_PER_SOURCE
    if (!lane.hasRoom(most)) return
    const now = performance.now()
    let batch = this.#takeFree(lane)
    if (batch.length === 0 && lane.isIdle())
      batch = lateShare(this.#flights, lane, this.#lateFor(lane), BATCH_BLOCKS, now)
    if (batch.length === 0) return
    this.#track(this.#fly(new Flight(lane, batch, now)))
  }

  /** Mirrors that share are slow as a rule: a source that holds everything, and is the scarcest, steps in much later. */
  #lateFor(lane: Lane): number {
    const spared = this.#help.shared !== undefined && lane.source.offers === undefined
    return this.#help.lateAfter * (spared ? SPARED_TIMES : 1)
  }

  #track(work: Promise<void>): void {
    this.#running.add(work)
    void work.then(() => this.#running.delete(work))
  }

  /** Whether a source that holds a part as yet may come to hold the rest. */
  #isHopeful(): boolean {
    const now = performance.now()
    // Whoever only says that it holds more is not waited for for ever.
    if (now - this.#lastArrival > HOPE_MS) return false
    return [...this.#help.lanes].some(({ source }) => source.grows?.(now) === true)
  }

  #takeFree(lane: Lane): OpenWant[] {
    if (this.#help.shared !== undefined) return this.#takeRarest(lane, this.#help.shared)
    const batch: OpenWant[] = []
    const share = Math.max(1, Math.ceil(this.#free.size / (this.#help.lanes.size * REQUESTS_PER_SOURCE)))
    let bytes = 0
    for (const want of this.#free.values()) {
      if (batch.length >= Math.min(share, BATCH_BLOCKS) || bytes >= BATCH_BYTES) break
      if (lane.offers(want)) {
        batch.push(want)
        bytes += want.size
      }
    }
    for (const want of batch) this.#free.delete(want.key)
    return batch
  }

  #takeRarest(lane: Lane, shared: Sharing): OpenWant[] {
    const batch: OpenWant[] = []
    const most = sharedBatchBytes(lane, shared)
    let bytes = 0
    for (const want of rarestFirst(this.#free.values(), lane, this.#help.lanes, performance.now())) {
      if (batch.length >= BATCH_BLOCKS || (bytes > 0 && bytes + want.size > most)) break
      batch.push(want)
      bytes += want.size
    }
    for (const want of batch) this.#free.delete(want.key)
    return batch
  }

  async #fly(flight: Flight): Promise<void> {
    const { lane } = flight
    this.#flights.add(flight)
    let end: FlightEnd = { again: false }
    try {
      end = await this.#help.ask(flight, this)
    } catch (error) {
      this.fail(error)
    }
    this.#flights.delete(flight)
    for (const want of flight.land()) {
      if (end.again && end.lacks) want.lacking.add(lane)
      if (this.wants(want.key) && want.flights.size === 0) this.#free.set(want.key, want)
    }
    if (!end.again) for (const other of lane.flights) other.controller.abort()
    else if (end.after > 0) this.#track(this.#sleep(lane, end.after))
    this.deal()
  }

  /** The lane's wants are free for others meanwhile. */
  async #sleep(lane: Lane, milliseconds: number): Promise<void> {
    this.#sleeping++
    await delay(milliseconds, undefined, { signal: this.#over.signal }).catch(() => {}) // The round is over.
    lane.asleep = false
    this.#sleeping--
    this.deal()
  }
}

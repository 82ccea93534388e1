import type { CID } from 'multiformats/cid'
import { ASSUMED_BLOCK_BYTES, REQUESTS_PER_SOURCE, SHARED_BATCH_BYTES, SHARED_BATCH_MS } from '../limits.ts'
import type { BlockSource } from './block-source.ts'

/** A block that is wanted, with its size where a manifest tells. */
export interface Want {
  cid: CID
  size?: number
}

/** A want of a running round. */
export class OpenWant {
  readonly cid: CID
  readonly key: string
  /** Bytes, assumed where nothing tells. */
  readonly size: number
  /** Sources that answered without it. */
  readonly lacking = new Set<Lane>()
  /** Requests under way that may bring it. */
  readonly flights = new Set<Flight>()
  /** When it was first asked for; 0 before. */
  askedAt = 0
  /** Its place among equally rare ones, other in each fetch. */
  lot = 0

  constructor({ cid, size = ASSUMED_BLOCK_BYTES }: Want) {
    this.cid = cid
    this.key = cid.toString()
    this.size = size
  }
}

/** A source with its requests and failures, for as long as a fetcher lives. */
export class Lane {
  source: BlockSource
  readonly flights = new Set<Flight>()
  /** In a row. */
  failures = 0
  /** Waits after a failure. */
  asleep = false
  /** Bytes a millisecond of the last request that brought something; 0 before. */
  pace = 0

  constructor(source: BlockSource) {
    this.source = source
  }

  /** Whether it may be asked for a block. */
  offers(want: OpenWant): boolean {
    // What it says now counts more than what it lacked before.
    return this.source.offers?.(want.key) ?? !want.lacking.has(this)
  }

  hasRoom(most = REQUESTS_PER_SOURCE): boolean {
    return !this.asleep && this.flights.size < most
  }

  /** Whether a batch of blocks takes it more than a moment, as far as is known. */
  isSlow(): boolean {
    return this.pace * SHARED_BATCH_MS < SHARED_BATCH_BYTES * 4
  }

  isIdle(): boolean {
    return !this.asleep && this.flights.size === 0
  }
}

/** One request under way with one source. */
export class Flight {
  readonly lane: Lane
  /** What it may still send, by CID; each leaves when it arrives here. */
  readonly asked: Map<string, OpenWant>
  /** What of it is not stored yet, in the order asked; each leaves when it arrives from anywhere. */
  readonly open: Map<string, OpenWant>
  readonly controller = new AbortController()
  readonly #startedAt: number
  #lastAt: number
  #arrived = 0
  #bytes = 0

  constructor(lane: Lane, wants: readonly OpenWant[], now: number) {
    this.lane = lane
    this.asked = new Map(wants.map((want) => [want.key, want]))
    this.open = new Map(this.asked)
    this.#startedAt = now
    this.#lastAt = now
    lane.flights.add(this)
    for (const want of wants) {
      want.flights.add(this)
      want.askedAt ||= now
    }
  }

  get cids(): CID[] {
    return [...this.asked.values()].map((want) => want.cid)
  }

  arrived(now: number, bytes = 0): void {
    this.#arrived++
    this.#bytes += bytes
    this.#lastAt = now
    if (this.#bytes > 0 && now > this.#startedAt) this.lane.pace = this.#bytes / (now - this.#startedAt)
  }

  /** Gives up its claims. @returns what has not arrived */
  land(): OpenWant[] {
    this.lane.flights.delete(this)
    for (const want of this.open.values()) want.flights.delete(this)
    return [...this.open.values()]
  }

  /** @returns milliseconds since something arrived, or since the start */
  silentFor(now: number): number {
    return now - this.#lastAt
  }

  /** @returns milliseconds that so many more blocks take at the pace so far; Infinity before the first */
  timeFor(blocks: number): number {
    return this.#arrived === 0 ? Infinity : ((this.#lastAt - this.#startedAt) / this.#arrived) * blocks
  }
}

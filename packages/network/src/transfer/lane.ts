import type { CID } from 'multiformats/cid'
import { ASSUMED_BLOCK_BYTES, REQUESTS_PER_SOURCE } from '../limits.ts'
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

  constructor({ cid, size = ASSUMED_BLOCK_BYTES }: Want) {
    this.cid = cid
    this.key = cid.toString()
    this.size = size
  }
}

/** A source with its requests and failures, for as long as a fetcher lives. */
export class Lane {
  readonly source: BlockSource
  readonly flights = new Set<Flight>()
  /** In a row. */
  failures = 0
  /** Waits after a failure. */
  asleep = false

  constructor(source: BlockSource) {
    this.source = source
  }

  hasRoom(): boolean {
    return !this.asleep && this.flights.size < REQUESTS_PER_SOURCE
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

  arrived(now: number): void {
    this.#arrived++
    this.#lastAt = now
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

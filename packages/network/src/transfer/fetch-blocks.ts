import { hash } from 'node:crypto'
import { DagError, verifyBlock, type Block, type BlockWriter } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import { cancelled, NetworkError } from '../errors.ts'
import { LATE_MS, RETRY_MS, SOURCE_FAILURES } from '../limits.ts'
import type { BlockSource } from './block-source.ts'
import { FetchRound, type FlightEnd } from './fetch-round.ts'
import type { Sharing } from './rarest-first.ts'
import { Lane, type Flight, type OpenWant, type Want } from './lane.ts'

/** What a fetch tells while it runs. */
export interface FetchEvents {
  /** A block is stored; each is told once. */
  block?: ((cid: CID, bytes: number, source: string) => void) | undefined
  /** A source sent what was not asked, does not match its CID or breaks the protocol: it is dropped for good. */
  liar?: ((source: string, reason: string) => void) | undefined
  /** A source failed; it is tried again unless `final`. */
  failed?: ((source: string, reason: string, final: boolean) => void) | undefined
}

/** Settings that only tests change. */
export interface FetchSettings {
  /** Milliseconds after which a request is late, and an idle source is asked for its rest too. */
  lateAfter?: number
  /** Milliseconds before a source that failed is asked again, doubled each time. */
  retryAfter?: number
  /**
   * Others fetch the same: blocks are asked in an order of our own, the rarest first, of sources that hold everything what
   * nobody else has, and little at a time.
   */
  shared?: Sharing
}

/**
 * Brings blocks from several sources at once; each block is verified before it is stored. Sources may be added while it
 * runs. One that lies is dropped at once; one that fails is asked again a few times; one that lacks a block leaves it to
 * others; one that is slow does not hold the others up. Memory holds the wants and a block for each request.
 */
export class BlockFetcher {
  readonly #store: BlockWriter
  readonly #events: FetchEvents
  readonly #signal: AbortSignal
  readonly #lateAfter: number
  readonly #retryAfter: number
  readonly #shared: Sharing | undefined
  readonly #lanes = new Set<Lane>()
  readonly #liars = new Map<string, string>()
  readonly #failed = new Map<string, string>()
  #budget: number
  #round: FetchRound | null = null

  /** @param budget bytes after which the fetch is ended as `too-large` (trust.md: the signed size is an upper bound); Infinity for none */
  constructor(
    store: BlockWriter,
    signal: AbortSignal,
    budget: number,
    events: FetchEvents = {},
    settings: FetchSettings = {},
  ) {
    this.#store = store
    this.#signal = signal
    this.#budget = budget
    this.#events = events
    this.#lateAfter = settings.lateAfter ?? LATE_MS
    this.#retryAfter = settings.retryAfter ?? RETRY_MS
    this.#shared = settings.shared
  }

  /**
   * Adds a source, also one that failed before; nothing for one that lied or is there already. One that says what it holds takes
   * the place of the same one that did not.
   */
  addSource(source: BlockSource): void {
    if (this.#liars.has(source.name)) return
    const there = [...this.#lanes].find((lane) => lane.source.name === source.name)
    if (there !== undefined) {
      if (source.offers !== undefined) there.source = source
      return
    }
    this.#failed.delete(source.name)
    this.#lanes.add(new Lane(source))
    this.#round?.deal()
  }

  /** A source holds more than before. */
  offersChanged(): void {
    this.#round?.deal()
  }

  /** CIDs that are on their way from sources that hold everything. */
  asked(): string[] {
    return [...this.#lanes]
      .filter(({ source }) => source.offers === undefined)
      .flatMap(({ flights }) => [...flights].flatMap(({ open }) => [...open.keys()]))
  }

  /** What has been waited for longest and who was asked, for a progress line; null when nothing is under way. */
  get waitingFor(): { cid: CID; from: string[] } | null {
    const want = this.#round?.oldest ?? null
    return want && { cid: want.cid, from: [...want.flights].map((flight) => flight.lane.source.name) }
  }

  /**
   * Fetches all of `wants`; blocks that came stay stored even when others fail. One call at a time.
   *
   * @throws NetworkError `incomplete` when nobody left has the rest, `unreachable` when nobody is left, `lied` when all who
   *   were asked lied, `too-large`, `cancelled`; and what the store throws
   */
  async fetch(wants: readonly Want[]): Promise<void> {
    if (this.#signal.aborted) throw cancelled('the fetch', this.#signal)
    if (wants.length === 0) return
    const round = new FetchRound(wants, {
      lanes: this.#lanes,
      lateAfter: this.#lateAfter,
      shared: this.#shared,
      ask: async (flight, running) => await this.#ask(flight, running),
    })
    const cancel = (): void => round.fail(cancelled('the fetch', this.#signal))
    this.#signal.addEventListener('abort', cancel, { once: true })
    this.#round = round
    try {
      const left = await round.run()
      if (left.length > 0) throw this.#incomplete(left)
    } finally {
      this.#round = null
      this.#signal.removeEventListener('abort', cancel)
    }
  }

  /** @throws what ends the whole fetch: the store's errors, `too-large` */
  async #ask(flight: Flight, round: FetchRound): Promise<FlightEnd> {
    const { lane, controller } = flight
    const blocks = readUntilAborted(lane.source.fetchBlocks(flight.cids, controller.signal), controller.signal)
    try {
      for (;;) {
        const block = await blocks.next()
        if (block === undefined) return this.#onEnd(flight)
        const lie = await this.#take(block, flight, round)
        if (lie !== null) return this.#drop(lane, lie)
      }
    } catch (error) {
      if (!(error instanceof SourceFailure)) throw error
      return controller.signal.aborted ? { again: true, after: 0, lacks: false } : this.#onFailure(lane, error.cause)
    } finally {
      blocks.stop()
    }
  }

  /** @returns how the source lied, or null */
  async #take({ cid, bytes }: Block, flight: Flight, round: FetchRound): Promise<string | null> {
    const key = cid.toString()
    const want = flight.asked.get(key)
    if (want === undefined) return `sent the block ${key}, which was not asked`
    flight.asked.delete(key)
    if (!round.wants(key)) {
      flight.arrived(performance.now(), bytes.byteLength) // Another source was faster.
      return null
    }
    if (!(await isBlock(want.cid, bytes))) return `sent bytes that are not the block ${key}`
    if (!round.wants(key)) return null
    this.#budget -= bytes.byteLength
    if (this.#budget < 0) throw new NetworkError('too-large', 'there is more to fetch than the signed size allows')
    await this.#store.put(want.cid, bytes)
    flight.lane.failures = 0
    if (round.arrived(flight, want, bytes.byteLength))
      this.#events.block?.(want.cid, bytes.byteLength, flight.lane.source.name)
    return null
  }

  /** The answer ended: what is still open the source does not have. One that had said so is trusted less each time. */
  #onEnd({ lane, open, controller }: Flight): FlightEnd {
    if (controller.signal.aborted) return { again: true, after: 0, lacks: false }
    if (open.size > 0 && lane.source.offers !== undefined) {
      const end = this.#onFailure(lane, new NetworkError('unreachable', 'lacks blocks that it said it holds'))
      return end.again ? { ...end, lacks: true } : end
    }
    return { again: true, after: 0, lacks: true }
  }

  #onFailure(lane: Lane, error: unknown): FlightEnd {
    const { name } = lane.source
    if (error instanceof DagError) return this.#drop(lane, error.message)
    if (!(error instanceof NetworkError)) throw error
    if (error.code === 'lied' || error.code === 'too-large') return this.#drop(lane, error.message)
    // Both requests of a source fail when its connection breaks: that is one failure.
    if (lane.asleep || !this.#lanes.has(lane)) return { again: true, after: 0, lacks: false }
    lane.failures++
    const final = lane.failures >= SOURCE_FAILURES
    this.#events.failed?.(name, error.message, final)
    if (!final) {
      lane.asleep = true
      return { again: true, after: this.#retryAfter * 2 ** (lane.failures - 1), lacks: false }
    }
    this.#lanes.delete(lane)
    this.#failed.set(name, error.message)
    return { again: false }
  }

  #drop(lane: Lane, reason: string): FlightEnd {
    if (this.#lanes.delete(lane)) {
      this.#liars.set(lane.source.name, reason)
      this.#events.liar?.(lane.source.name, reason)
    }
    return { again: false }
  }

  #incomplete(left: readonly OpenWant[]): NetworkError {
    const some = left.slice(0, 3).map((want) => want.key)
    const what = `${left.length} block${left.length === 1 ? '' : 's'} could not be had (${some.join(', ')}${left.length > 3 ? ', …' : ''})`
    const why = [...this.#liars, ...this.#failed].slice(0, 5).map(([name, reason]) => `; ${name}: ${reason}`)
    const onlyLiars = this.#liars.size > 0 && this.#failed.size === 0
    const nobody = onlyLiars ? 'lied' : 'unreachable'
    return new NetworkError(this.#lanes.size > 0 ? 'incomplete' : nobody, `${what}${why.join('')}`)
  }
}

/** What a source threw, apart from what the store throws. */
class SourceFailure extends Error {
  constructor(cause: unknown) {
    super('a source failed', { cause })
    this.name = 'SourceFailure'
  }
}

/** A source's blocks; reading ends when the signal does, whether the source heeds it or not. */
function readUntilAborted(
  blocks: AsyncIterable<Block>,
  signal: AbortSignal,
): { next(): Promise<Block | undefined>; stop(): void } {
  const iterator = blocks[Symbol.asyncIterator]()
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>()
  signal.addEventListener('abort', () => resolve(undefined), { once: true })
  // A source that is stuck also sticks here; nobody waits for it.
  const stop = (): void => {
    iterator.return?.().catch(() => {})
  }
  const next = async (): Promise<Block | undefined> => {
    try {
      const result = await iterator.next()
      return result.done === true ? undefined : result.value
    } catch (cause) {
      throw new SourceFailure(cause)
    }
  }
  return {
    async next() {
      const block = signal.aborted ? undefined : await Promise.race([next(), aborted])
      if (!signal.aborted) return block
      stop()
      return undefined
    },
    stop,
  }
}

async function isBlock(cid: CID, bytes: Uint8Array): Promise<boolean> {
  return await verifyBlock(cid, bytes, { sha256: (data) => hash('sha256', data, 'buffer') })
}

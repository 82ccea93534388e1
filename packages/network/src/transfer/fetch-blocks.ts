import { hash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { verifyBlock, type BlockWriter } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import { NetworkError, reasonOf } from '../errors.ts'
import { BATCH_BLOCKS, BATCH_BYTES, SOURCE_FAILURES } from '../limits.ts'
import type { BlockSource } from './block-source.ts'

/** A block that is wanted, with its size where a manifest tells. */
export interface Want {
  cid: CID
  size?: number
}

/** What a fetch tells while it runs. */
export interface FetchEvents {
  block?(cid: CID, bytes: number, source: string): void
  /** A source sent what was not asked or does not match its CID: it is dropped for good. */
  liar?(source: string, reason: string): void
  /** A source failed; it is tried again unless `final`. */
  failed?(source: string, reason: string, final: boolean): void
}

interface Pending extends Want {
  key: string
  asked: Set<BlockSource>
}

/** Requests under way at once with one source: the second hides the round trip of the first. */
const REQUESTS_PER_SOURCE = 2

/** Milliseconds before a failed source is asked again, doubled each time. */
const RETRY_MS = 250

/**
 * Brings blocks from several sources at once; each block is verified before it is stored. Sources may be added while it
 * runs; one that lies is dropped at once, one that fails is asked again a few times, one that lacks a block leaves it to others.
 */
export class BlockFetcher {
  readonly #store: BlockWriter
  readonly #events: FetchEvents
  readonly #signal: AbortSignal
  readonly #sources = new Set<BlockSource>()
  readonly #failures = new Map<BlockSource, number>()
  readonly #dead = new Map<string, string>()
  #budget: number
  #round: Round | null = null

  /** @param budget bytes after which the fetch is ended as `too-large`: what is signed is an upper bound (trust.md) */
  constructor(store: BlockWriter, signal: AbortSignal, budget: number, events: FetchEvents = {}) {
    this.#store = store
    this.#signal = signal
    this.#budget = budget
    this.#events = events
  }

  addSource(source: BlockSource): void {
    if (this.#dead.has(source.name) || [...this.#sources].some((one) => one.name === source.name)) return
    this.#sources.add(source)
    this.#round?.start(source)
  }

  /**
   * Fetches all of `wants`; blocks that came are stored even when others fail.
   *
   * @throws NetworkError `incomplete` when nobody left has the rest, `unreachable` when nobody could be asked,
   *   `lied` when all who answered lied, `too-large`, `cancelled`; and what the store throws
   */
  async fetch(wants: readonly Want[]): Promise<void> {
    if (wants.length === 0) return
    this.#signal.throwIfAborted()
    const round = new Round(wants, this.#sources, async (source, batch, settle) => await this.#ask(source, batch, settle))
    this.#round = round
    try {
      for (const source of this.#sources) round.start(source)
      const left = await round.done()
      if (left.length > 0) throw this.#incomplete(left)
    } finally {
      this.#round = null
    }
  }

  /** Asks one source for one batch. Returns whether the source may be asked again. */
  async #ask(source: BlockSource, batch: Pending[], settle: (key: string) => void): Promise<boolean> {
    const open = new Map(batch.map((one) => [one.key, one]))
    try {
      for await (const block of source.fetchBlocks(batch.map((one) => one.cid), this.#signal)) {
        const key = block.cid.toString()
        const want = open.get(key)
        if (want === undefined) return this.#drop(source, `sent the block ${key}, which was not asked`)
        if (!(await verifyBlock(want.cid, block.bytes, { sha256 })))
          return this.#drop(source, `sent bytes that are not the block ${key}`)
        this.#budget -= block.bytes.byteLength
        if (this.#budget < 0) throw new NetworkError('too-large', 'there is more to fetch than the signed size allows')
        await this.#store.put(want.cid, block.bytes)
        open.delete(key)
        this.#failures.set(source, 0)
        this.#events.block?.(want.cid, block.bytes.byteLength, source.name)
        settle(key)
      }
      for (const one of open.values()) one.asked.add(source)
      return true
    } catch (error) {
      if (this.#signal.aborted) throw new NetworkError('cancelled', 'the fetch was cancelled', { cause: this.#signal.reason })
      if (error instanceof NetworkError && error.code === 'too-large') throw error
      if (isBadCar(error)) return this.#drop(source, reasonOf(error))
      if (!(error instanceof NetworkError)) throw error
      return await this.#failed(source, error)
    }
  }

  #drop(source: BlockSource, reason: string): false {
    this.#sources.delete(source)
    this.#dead.set(source.name, reason)
    this.#events.liar?.(source.name, reason)
    return false
  }

  async #failed(source: BlockSource, error: NetworkError): Promise<boolean> {
    const failures = (this.#failures.get(source) ?? 0) + 1
    this.#failures.set(source, failures)
    const final = failures >= SOURCE_FAILURES
    this.#events.failed?.(source.name, error.message, final)
    if (final) {
      this.#sources.delete(source)
      this.#dead.set(source.name, error.message)
      return false
    }
    await delay(RETRY_MS * 2 ** (failures - 1), undefined, { signal: this.#signal }).catch(() => {})
    return true
  }

  #incomplete(left: Pending[]): NetworkError {
    const reasons = [...this.#dead].map(([name, reason]) => `${name}: ${reason}`)
    const some = left.slice(0, 3).map((one) => one.key)
    const what = `${left.length} block${left.length === 1 ? '' : 's'} could not be had (${some.join(', ')}${left.length > 3 ? ', …' : ''})`
    const why = reasons.length > 0 ? `; ${reasons.join('; ')}` : ''
    const nobody = this.#sources.size === 0
    return new NetworkError(nobody ? 'unreachable' : 'incomplete', `${what}${why}`)
  }
}

/** One set of wanted blocks, shared out among workers. */
class Round {
  readonly #free: Map<string, Pending>
  readonly #pending: Map<string, Pending>
  readonly #sources: ReadonlySet<BlockSource>
  readonly #ask: (source: BlockSource, batch: Pending[], settle: (key: string) => void) => Promise<boolean>
  readonly #end = Promise.withResolvers<Pending[]>()
  readonly #idle = new Set<BlockSource>()
  #busy = 0

  constructor(wants: readonly Want[], sources: ReadonlySet<BlockSource>, ask: Round['#ask']) {
    this.#pending = new Map(wants.map((want) => [want.cid.toString(), { ...want, key: want.cid.toString(), asked: new Set() }]))
    this.#free = new Map(this.#pending)
    this.#sources = sources
    this.#ask = ask
  }

  /** @returns what could not be had; empty when all is there */
  async done(): Promise<Pending[]> {
    this.#checkEnd()
    return await this.#end.promise
  }

  start(source: BlockSource): void {
    this.#idle.delete(source)
    for (let i = 0; i < REQUESTS_PER_SOURCE; i++) void this.#work(source)
  }

  async #work(source: BlockSource): Promise<void> {
    for (;;) {
      const batch = this.#take(source)
      if (batch.length === 0) {
        this.#idle.add(source)
        return this.#checkEnd()
      }
      this.#busy++
      let again = false
      try {
        again = await this.#ask(source, batch, (key) => this.#pending.delete(key))
      } catch (error) {
        this.#end.reject(error)
        return
      } finally {
        this.#busy--
      }
      this.#giveBack(batch)
      if (!again) return this.#checkEnd()
    }
  }

  #take(source: BlockSource): Pending[] {
    const batch: Pending[] = []
    const share = Math.max(1, Math.ceil(this.#free.size / (this.#sources.size * REQUESTS_PER_SOURCE)))
    let bytes = 0
    for (const one of this.#free.values()) {
      if (one.asked.has(source)) continue
      batch.push(one)
      this.#free.delete(one.key)
      bytes += one.size ?? 0
      if (batch.length >= Math.min(share, BATCH_BLOCKS) || bytes >= BATCH_BYTES) break
    }
    return batch
  }

  /** What a request did not bring is free for others, who may be idle. */
  #giveBack(batch: Pending[]): void {
    let back = 0
    for (const one of batch) {
      if (!this.#pending.has(one.key)) continue
      this.#free.set(one.key, one)
      back++
    }
    if (back === 0) return
    const waiting = [...this.#idle]
    for (const source of waiting) if (this.#sources.has(source)) this.start(source)
  }

  #checkEnd(): void {
    if (this.#pending.size === 0) return this.#end.resolve([])
    if (this.#busy > 0) return
    const hope = [...this.#free.values()].some((one) => [...this.#sources].some((source) => !one.asked.has(source)))
    if (!hope) this.#end.resolve([...this.#pending.values()])
  }
}

function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer')
}

function isBadCar(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'bad-car'
}

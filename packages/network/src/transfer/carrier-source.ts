import { readCar, type Block } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import { readSmallBody, type Carrier } from '../carrier/carrier.ts'
import { NetworkError } from '../errors.ts'
import { MAX_BLOCK_BYTES, RAW_REQUESTS_AT_ONCE } from '../limits.ts'
import type { BlockSource } from './block-source.ts'
import { CID_LIST_TYPE, encodeCidList } from './cid-list.ts'

/** Statuses that say "not now" rather than "I do not know that request". */
const TEMPORARY = new Set([429, 500, 502, 503, 504])

/** A mirror, or any trustless gateway: batches where it knows them, else one raw block a request. */
export class CarrierSource implements BlockSource {
  readonly name: string
  readonly #carrier: Carrier
  #knowsBatches = true

  constructor(carrier: Carrier) {
    this.#carrier = carrier
    this.name = carrier.name
  }

  async *fetchBlocks(cids: readonly CID[], signal: AbortSignal): AsyncGenerator<Block> {
    const answered = this.#knowsBatches && (yield* this.#batch(cids, signal))
    if (!answered) yield* this.#rawBlocks(cids, signal)
  }

  /** @returns whether the mirror knows batches */
  async *#batch(cids: readonly CID[], signal: AbortSignal): AsyncGenerator<Block, boolean> {
    const headers = { 'content-type': CID_LIST_TYPE, accept: 'application/vnd.ipld.car' }
    const request = { path: 'blocks', method: 'POST', headers, body: encodeCidList(cids), signal } as const
    const answer = await this.#carrier.request(request)
    try {
      if (answer.status === 200) {
        yield* readCar(answer.body, { maxBlockBytes: MAX_BLOCK_BYTES })
        return true
      }
      this.#checkNotTemporary(answer.status)
      this.#knowsBatches = false
      return false
    } finally {
      answer.body.destroy()
    }
  }

  async *#rawBlocks(cids: readonly CID[], signal: AbortSignal): AsyncGenerator<Block> {
    const left = new AbortController()
    const either = AbortSignal.any([signal, left.signal])
    const running = new Map<CID, Promise<{ cid: CID; bytes: Uint8Array | null }>>()
    const waiting = cids.values()
    const askNext = (): void => {
      const { value: cid } = waiting.next()
      if (cid === undefined) return
      const asked = this.#rawBlock(cid, either).then((bytes) => ({ cid, bytes }))
      asked.catch(() => {}) // Noticed through the race below; the others must not count as unhandled meanwhile.
      running.set(cid, asked)
    }
    try {
      for (let i = 0; i < RAW_REQUESTS_AT_ONCE; i++) askNext()
      while (running.size > 0) {
        const { cid, bytes } = await Promise.race(running.values())
        running.delete(cid)
        askNext()
        if (bytes !== null) yield { cid, bytes }
      }
    } finally {
      left.abort()
    }
  }

  async #rawBlock(cid: CID, signal: AbortSignal): Promise<Uint8Array | null> {
    const headers = { accept: 'application/vnd.ipld.raw' }
    const answer = await this.#carrier.request({ path: `ipfs/${cid.toString()}?format=raw`, headers, signal })
    const body = await readSmallBody(this.name, answer.body, MAX_BLOCK_BYTES)
    if (answer.status === 200) return body
    this.#checkNotTemporary(answer.status)
    return null
  }

  #checkNotTemporary(status: number): void {
    if (TEMPORARY.has(status)) throw new NetworkError('unreachable', `${this.name} answered ${status}`)
  }
}

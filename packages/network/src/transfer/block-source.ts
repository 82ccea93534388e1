import { readCar, type BlockReader } from '@holdfast/dag'
import { CID } from 'multiformats/cid'
import type { Carrier } from '../carrier/carrier.ts'
import { readSmallBody } from '../carrier/http-request.ts'
import { NetworkError } from '../errors.ts'
import { MAX_BLOCK_BYTES, RAW_REQUESTS_AT_ONCE } from '../limits.ts'

/** A block as it came, not yet verified. */
export interface ArrivedBlock {
  cid: CID
  bytes: Uint8Array
}

/** Somebody who may have blocks. */
export interface BlockSource {
  /** Peer id or URL, as it stands in `sources`. */
  readonly name: string
  /** Yields those of `cids` that it has, in any order. Throws NetworkError when it cannot be asked. */
  fetchBlocks(cids: readonly CID[], signal: AbortSignal): AsyncIterable<ArrivedBlock>
}

/** The media type of a batch request: binary CIDs, one after the other (docs/protocol.md, "Batches"). */
export const CID_LIST_TYPE = 'application/vnd.holdfast.cids'

/** The body of a batch request. Parser beside encoder. */
export function encodeCidList(cids: readonly CID[]): Uint8Array {
  const parts = cids.map((cid) => cid.bytes)
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.byteLength
  }
  return bytes
}

/** Reads a batch request; null when it is not a list of at most `most` CIDs. */
export function parseCidList(bytes: Uint8Array, most: number): CID[] | null {
  const cids: CID[] = []
  let rest = bytes
  while (rest.byteLength > 0) {
    if (cids.length === most) return null
    try {
      const [cid, remainder] = CID.decodeFirst(rest)
      cids.push(cid)
      rest = remainder
    } catch {
      return null // The caller answers 400: what a peer sent is not our failure.
    }
  }
  return cids
}

/** A mirror, or any trustless gateway: batches where it knows them, else one raw block a request. */
export class CarrierSource implements BlockSource {
  readonly name: string
  readonly #carrier: Carrier
  #batches = true

  constructor(carrier: Carrier) {
    this.#carrier = carrier
    this.name = carrier.name
  }

  async *fetchBlocks(cids: readonly CID[], signal: AbortSignal): AsyncGenerator<ArrivedBlock> {
    if (this.#batches) {
      const answer = await this.#carrier.request({
        path: 'blocks',
        method: 'POST',
        headers: { 'content-type': CID_LIST_TYPE, accept: 'application/vnd.ipld.car' },
        body: encodeCidList(cids),
        signal,
      })
      if (answer.status === 200) {
        try {
          yield* readCar(answer.body, { maxBlockBytes: MAX_BLOCK_BYTES })
        } finally {
          answer.body.destroy()
        }
        return
      }
      answer.body.destroy()
      if (answer.status >= 500 || answer.status === 429)
        throw new NetworkError('unreachable', `${this.name} answered ${answer.status} to a batch`)
      this.#batches = false
    }
    yield* this.#rawBlocks(cids, signal)
  }

  async *#rawBlocks(cids: readonly CID[], signal: AbortSignal): AsyncGenerator<ArrivedBlock> {
    const running = new Map<number, Promise<{ id: number; block: ArrivedBlock | null }>>()
    let next = 0
    while (next < cids.length || running.size > 0) {
      while (next < cids.length && running.size < RAW_REQUESTS_AT_ONCE) {
        const id = next++
        const cid = cids[id] as CID
        const asked = this.#rawBlock(cid, signal).then((bytes) => ({ id, block: bytes === null ? null : { cid, bytes } }))
        asked.catch(() => {}) // Awaited through the race below; the others must not be unhandled meanwhile.
        running.set(id, asked)
      }
      const { id, block } = await Promise.race(running.values())
      running.delete(id)
      if (block !== null) yield block
    }
  }

  async #rawBlock(cid: CID, signal: AbortSignal): Promise<Uint8Array | null> {
    const headers = { accept: 'application/vnd.ipld.raw' }
    const answer = await this.#carrier.request({ path: `ipfs/${cid}?format=raw`, headers, signal })
    const body = await readSmallBody(this.name, answer.body, MAX_BLOCK_BYTES)
    if (answer.status === 200) return body
    if (answer.status >= 500 || answer.status === 429)
      throw new NetworkError('unreachable', `${this.name} answered ${answer.status}`)
    return null
  }
}

/** What is held on this machine already, e.g. by a mirror of the same user: asked first, costs nothing. */
export class LocalSource implements BlockSource {
  readonly name: string
  readonly #blocks: BlockReader

  constructor(name: string, blocks: BlockReader) {
    this.name = name
    this.#blocks = blocks
  }

  async *fetchBlocks(cids: readonly CID[]): AsyncGenerator<ArrivedBlock> {
    for (const cid of cids) {
      const bytes = await this.#blocks.get(cid)
      if (bytes !== null) yield { cid, bytes }
    }
  }
}

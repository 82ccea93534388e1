import type { Block } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import { PARTS_PATIENCE_MS } from '../limits.ts'
import type { BlockSource } from './block-source.ts'
import { emptyBits, hasBit, type PartList, type Parts } from './listed-parts.ts'

/** A mirror that is itself fetching: asked for those blocks alone that it says it holds. What it says is a claim. */
export class PartialSource implements BlockSource {
  readonly name: string
  readonly #source: BlockSource
  readonly #list: PartList
  #parts: Parts
  #changedAt: number

  constructor(source: BlockSource, list: PartList, now: number) {
    this.name = source.name
    this.#source = source
    this.#list = list
    this.#parts = { held: emptyBits(list.size), asked: emptyBits(list.size) }
    this.#changedAt = now
  }

  fetchBlocks(cids: readonly CID[], signal: AbortSignal): AsyncIterable<Block> {
    return this.#source.fetchBlocks(cids, signal)
  }

  /** Takes what it says now. @returns whether it holds something new */
  update(parts: Parts, now: number): boolean {
    const grown = Buffer.compare(parts.held, this.#parts.held) !== 0
    this.#parts = parts
    if (grown) this.#changedAt = now
    return grown
  }

  offers(key: string): boolean {
    const number = this.#list.numberOf(key)
    return number !== undefined && hasBit(this.#parts.held, number)
  }

  /** Whether it fetches this block from a source that holds everything. */
  asks(key: string): boolean {
    const number = this.#list.numberOf(key)
    return number !== undefined && hasBit(this.#parts.asked, number)
  }

  /** Whether more may be expected of it: it is worth waiting for one that still learns. */
  grows(now: number): boolean {
    return now - this.#changedAt < PARTS_PATIENCE_MS
  }
}

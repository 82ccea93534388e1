import { BATCH_BYTES, SHARED_BATCH_BYTES, SHARED_BATCH_MS } from '../limits.ts'
import type { Lane, OpenWant } from './lane.ts'

/**
 * What a source should be asked for first where several fetch the same, as in BitTorrent (Legout, Urvoy-Keller and Michiardi,
 * "Rarest first and choke algorithms are enough", 2006): the block that the fewest hold, so that no block is everybody's last.
 * Among equals each fetcher draws lots. A slow source that holds everything, as a rule the maintainer, is asked only for what
 * nobody else holds or has asked it for: each block it sends twice is one that somebody waits for.
 *
 * @returns what the lane offers of the wants, in that order
 */
export function rarestFirst(wants: Iterable<OpenWant>, lane: Lane, lanes: Iterable<Lane>, now: number): OpenWant[] {
  const partial = [...lanes].map(({ source }) => source).filter((source) => source.offers !== undefined)
  const holdsAll = lane.source.offers === undefined
  const spared = holdsAll && lane.isSlow() && partial.some((source) => source.grows?.(now) === true)
  const ranked: { want: OpenWant; rank: number }[] = []
  for (const want of wants) {
    if (!lane.offers(want)) continue
    const holders = partial.filter((source) => source.offers?.(want.key) === true).length
    const asking = holdsAll && partial.some((source) => source.asks?.(want.key) === true)
    if (!spared || holders + (asking ? 1 : 0) === 0) ranked.push({ want, rank: holders + (asking ? 1 : 0) + want.lot })
  }
  return ranked.toSorted((one, other) => one.rank - other.rank).map(({ want }) => want)
}

/** How a fetch goes in which others share. */
export interface Sharing {
  /** Numbers from 0 to 1. */
  random(): number
  /** Bytes of a batch at most; BATCH_BYTES unless told. */
  batchBytes?: number
}

/** @returns bytes that the source brings in about a second, so that little is on its way twice when others offer the same */
export function sharedBatchBytes({ pace }: Lane, { batchBytes = BATCH_BYTES }: Sharing): number {
  return Math.min(batchBytes, Math.max(SHARED_BATCH_BYTES, pace * SHARED_BATCH_MS))
}

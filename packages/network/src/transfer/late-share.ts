import { COPIES_UNDER_WAY } from '../limits.ts'
import type { Flight, Lane, OpenWant } from './lane.ts'

/**
 * What an idle source should ask for although another was asked already, as at the end of a BitTorrent download: a slow or
 * silent source must not hold the end of a fetch. Of a request that still moves it takes the later half, so that both meet;
 * of a silent one everything. A request whose blocks all came from elsewhere is ended, so little comes twice.
 *
 * @param lateAfter milliseconds after which a request is late
 * @returns at most `most` wants of one late request; empty when none is late
 */
export function lateShare(
  flights: Iterable<Flight>,
  lane: Lane,
  lateAfter: number,
  most: number,
  now: number,
): OpenWant[] {
  let latest: { time: number; share: OpenWant[] } | null = null
  for (const flight of flights) {
    const left = [...flight.open.values()]
    const isSilent = flight.silentFor(now) > lateAfter
    const time = isSilent ? Infinity : flight.timeFor(left.length)
    const isYoung = !isSilent && time === Infinity
    if (flight.lane === lane || isYoung || time <= lateAfter || (latest !== null && time <= latest.time)) continue
    const part = isSilent ? left : left.slice(Math.floor(left.length / 2))
    const share = part.filter((want) => lane.offers(want) && want.flights.size < copiesOf(want, lateAfter, now))
    if (share.length > 0) latest = { time, share: share.slice(0, most) }
  }
  return latest?.share ?? []
}

/** Two slow sources may hold a block no longer than one: the longer it is waited for, the more may be asked. */
function copiesOf(want: OpenWant, lateAfter: number, now: number): number {
  return COPIES_UNDER_WAY + Math.floor((now - want.askedAt) / (10 * lateAfter))
}

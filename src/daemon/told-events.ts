/** What a mirror tells whoever watches it: JSON lines of interface.md, and the same in words. */
import type { ReleaseInfo } from '@holdfast/release'
import { counted } from '../figures.ts'
import type { Output } from '../output.ts'

/** One line of `holdfast mirror --json`. */
export type MirrorEvent =
  | { event: 'ready'; peerId: string; multiaddrs: string[]; gateway: string | null; archives: string[] }
  | {
      event: 'announced' | 'fetching' | 'pinned' | 'served'
      address: string
      release: number
      cid: string
      from?: string[]
      message?: string
    }
  | { event: 'rejected'; address: string; code: string; reason: string; from: string | null }
  | { event: 'warning'; address?: string; release?: number; code: string; message: string }

/** Takes events as they happen. */
export type Tell = (event: MirrorEvent) => void

/** @returns a teller that writes JSON lines with --json, else lines for people */
export function tellOn(out: Output): Tell {
  return (event) => out.event(event, inWords(event))
}

/** @returns the event of a step of one release */
export function releaseEvent(
  event: 'announced' | 'fetching' | 'pinned' | 'served',
  { address, version, cid, message }: ReleaseInfo,
  from?: string[],
): MirrorEvent {
  return {
    event,
    address,
    release: version,
    cid: cid.toString(),
    ...(from && { from }),
    ...(event === 'announced' && { message }),
  }
}

function inWords(event: MirrorEvent): string {
  switch (event.event) {
    case 'ready':
      return [
        `Mirroring ${event.archives.length === 1 ? 'one archive' : `${event.archives.length} archives`}. Others reach this mirror at:`,
        ...event.multiaddrs.map((one) => `  ${one}`),
        ...(event.gateway === null ? [] : [`Over HTTP: ${event.gateway}`]),
        'Stop it with Ctrl-C; it goes on from there when started again.',
      ].join('\n')
    case 'announced':
      return `Release ${event.release} of ${short(event.address)} was announced: ${event.message ?? ''}`
    case 'fetching':
      return `Fetching release ${event.release} of ${short(event.address)} from ${counted(event.from?.length ?? 0, 'peer')}.`
    case 'pinned':
      return `Release ${event.release} of ${short(event.address)} is held whole (${event.cid}).`
    case 'served':
      return `Release ${event.release} of ${short(event.address)} is served to all who ask.`
    case 'rejected':
      return `Refused an announcement for ${short(event.address)}: ${event.reason} (${event.code}).`
    case 'warning':
      return event.message
  }
}

function short(address: string): string {
  return `${address.slice(0, 12)}…`
}

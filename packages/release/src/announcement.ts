/** The signed metadata of one release as it travels: dag-cbor `{ v: 1, roots, timestamp, snapshot, targets }`. */
import * as dagCbor from '@ipld/dag-cbor'
import { CborReader, OtherBytes } from './cbor-reader.ts'
import { ReleaseError } from './errors.ts'
import { MAX_ANNOUNCED_ROOT_BYTES, MAX_ANNOUNCEMENT_BYTES } from './limits.ts'
import type { VerdictCode } from './refusal.ts'
import type { TrustedState } from './trusted-state.ts'

/** Verbatim bytes of each file. */
export interface Announcement {
  /** Consecutive versions, ascending; from 1 on when they fit, else the newest. */
  roots: Uint8Array[]
  timestamp: Uint8Array
  snapshot: Uint8Array
  targets: Uint8Array
}

type ParsedAnnouncement = { ok: true; announcement: Announcement } | { ok: false; code: VerdictCode; reason: string }

const FORMAT_VERSION = 1

/**
 * @returns the bytes for gossip, HTTP, or a file: equal for equal input. Of a chain beyond MAX_ANNOUNCED_ROOT_BYTES only
 *   the newest roots travel, and a receiver asks for the others.
 * @throws ReleaseError 'too-large' when the rest does not fit
 */
export function encodeAnnouncement(announcement: Announcement): Uint8Array {
  const { timestamp, snapshot, targets } = announcement
  const roots = newestThatFit(announcement.roots)
  const bytes = dagCbor.encode({ v: FORMAT_VERSION, roots, timestamp, snapshot, targets })
  if (bytes.length > MAX_ANNOUNCEMENT_BYTES) {
    throw new ReleaseError(
      'too-large',
      `the announcement has ${bytes.length} bytes, more than ${MAX_ANNOUNCEMENT_BYTES}`,
    )
  }
  return bytes
}

/**
 * @param bytes from anybody
 * @returns the parts, unverified, such that encoding them gives the same bytes; or why not
 */
export function parseAnnouncement(bytes: Uint8Array): ParsedAnnouncement {
  // Endless data: before anything is decoded.
  if (bytes.length > MAX_ANNOUNCEMENT_BYTES) {
    return refused('too-large', `${bytes.length} bytes, more than ${MAX_ANNOUNCEMENT_BYTES}`)
  }
  const announcement = decode(bytes)
  if (announcement === null) return refused('bad-format', 'not an announcement in the canonical encoding')
  if (totalBytes(announcement.roots) > MAX_ANNOUNCED_ROOT_BYTES) {
    return refused('too-large', `more than ${MAX_ANNOUNCED_ROOT_BYTES} bytes of roots`)
  }
  return { ok: true, announcement }
}

/**
 * @returns the announcement of the newest release in this state, with the whole chain of roots
 * @throws ReleaseError 'no-release' when there is none yet
 */
export function announcementOf(state: TrustedState): Announcement {
  const { roots, timestamp, snapshot, targets } = state
  if (!timestamp || !snapshot || !targets) throw new ReleaseError('no-release', 'the archive has no release yet')
  return { roots, timestamp, snapshot, targets }
}

function newestThatFit(roots: Uint8Array[]): Uint8Array[] {
  let room = MAX_ANNOUNCED_ROOT_BYTES
  let first = roots.length
  while (first > 0 && (roots[first - 1] as Uint8Array).length <= room) room -= (roots[--first] as Uint8Array).length
  if (roots.length > 0 && first === roots.length) throw new ReleaseError('too-large', 'the newest root does not fit')
  return roots.slice(first)
}

/** One spelling only: else one announcement could be gossiped for ever as ever new bytes. */
function decode(bytes: Uint8Array): Announcement | null {
  const reader = new CborReader(bytes)
  try {
    // dag-cbor sorts keys by length, then by bytes.
    reader.map(5)
    reader.text('v')
    reader.unsigned(FORMAT_VERSION)
    reader.text('roots')
    const roots = reader.listOfBytes()
    reader.text('targets')
    const targets = reader.bytes()
    reader.text('snapshot')
    const snapshot = reader.bytes()
    reader.text('timestamp')
    const timestamp = reader.bytes()
    reader.end()
    return roots.length === 0 ? null : { roots, timestamp, snapshot, targets }
  } catch (error) {
    if (error instanceof OtherBytes) return null
    throw error
  }
}

function totalBytes(parts: Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}

function refused(code: VerdictCode, reason: string): ParsedAnnouncement {
  return { ok: false, code, reason }
}

/** The signed metadata of one release as it travels: dag-cbor `{ v: 1, roots, timestamp, snapshot, targets }`. */
import * as dagCbor from '@ipld/dag-cbor'
import { equals } from 'multiformats/bytes'
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
const FIELDS = ['v', 'roots', 'timestamp', 'snapshot', 'targets']

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
  if (announcement === null) return refused('bad-format', 'not an announcement')
  if (totalBytes(announcement.roots) > MAX_ANNOUNCED_ROOT_BYTES) {
    return refused('too-large', `more than ${MAX_ANNOUNCED_ROOT_BYTES} bytes of roots`)
  }
  // One spelling only: else one announcement could be gossiped for ever as ever new bytes.
  if (!equals(encodeAnnouncement(announcement), bytes)) return refused('bad-format', 'not in the canonical encoding')
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

function decode(bytes: Uint8Array): Announcement | null {
  let value: unknown
  try {
    value = dagCbor.decode(bytes)
  } catch {
    // Whatever the decoder dislikes, nesting without end included, is no announcement.
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { v, roots, timestamp, snapshot, targets } = value as { [field: string]: unknown }
  if (v !== FORMAT_VERSION || Object.keys(value).length !== FIELDS.length) return null
  if (!Array.isArray(roots) || roots.length === 0 || !roots.every(isBytes)) return null
  return isBytes(timestamp) && isBytes(snapshot) && isBytes(targets) ? { roots, timestamp, snapshot, targets } : null
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array
}

function totalBytes(parts: Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}

function refused(code: VerdictCode, reason: string): ParsedAnnouncement {
  return { ok: false, code, reason }
}

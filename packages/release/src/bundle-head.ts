/**
 * The first block of a bundle (docs/protocol.md, "Bundles"): all signed metadata of a release, and what else the file holds.
 * dag-cbor `{ v: 1, kind: 'bundle', address, roots, timestamp, snapshot, targets, path, since, hints }`.
 */
import * as dagCbor from '@ipld/dag-cbor'
import { parseAddress, type Address } from './address.ts'
import type { Announcement } from './announcement.ts'
import { CborReader, OtherBytes } from './cbor-reader.ts'
import { ReleaseError } from './errors.ts'
import { MAX_BUNDLE_HEAD_BYTES, MAX_BUNDLE_HINTS, MAX_BUNDLE_PATH_BYTES, MAX_HINT_BYTES } from './limits.ts'

export interface BundleHead {
  address: Address
  /** With every root from the first on. */
  announcement: Announcement
  /** What of the release is inside: `a/b`, or empty for all of it. */
  path: string
  /** The release whose blocks are left out, because the receiver has them; 0 when none are. */
  since: number
  /** Where more can be had, for whoever wants to. */
  hints: string[]
}

const FORMAT_VERSION = 1
const KIND = 'bundle'

/** @returns equal bytes for equal heads @throws ReleaseError 'too-large' */
export function encodeBundleHead({ address, announcement, path, since, hints }: BundleHead): Uint8Array {
  const { roots, timestamp, snapshot, targets } = announcement
  const whole = { v: FORMAT_VERSION, kind: KIND, address, roots, timestamp, snapshot, targets, path, since, hints }
  const bytes = dagCbor.encode(whole)
  if (bytes.length > MAX_BUNDLE_HEAD_BYTES)
    throw new ReleaseError('too-large', `the metadata has ${bytes.length} bytes, more than ${MAX_BUNDLE_HEAD_BYTES}`)
  return bytes
}

/** @param bytes from anybody @returns the parts, unverified; null for anything else */
export function parseBundleHead(bytes: Uint8Array): BundleHead | null {
  if (bytes.length > MAX_BUNDLE_HEAD_BYTES) return null
  try {
    return readHead(new CborReader(bytes))
  } catch (error) {
    if (error instanceof OtherBytes) return null
    throw error
  }
}

/** dag-cbor sorts keys by length, then by bytes. */
function readHead(reader: CborReader): BundleHead {
  reader.map(10)
  reader.text('v')
  reader.unsigned(FORMAT_VERSION)
  reader.text('kind')
  reader.text(KIND)
  reader.text('path')
  const path = reader.anyText(MAX_BUNDLE_PATH_BYTES)
  reader.text('hints')
  const hints = reader.list(MAX_BUNDLE_HINTS, () => reader.anyText(MAX_HINT_BYTES))
  reader.text('roots')
  const roots = reader.listOfBytes()
  reader.text('since')
  const since = reader.anyUnsigned()
  reader.text('address')
  const address = reader.anyText(MAX_HINT_BYTES)
  reader.text('targets')
  const targets = reader.bytes()
  reader.text('snapshot')
  const snapshot = reader.bytes()
  reader.text('timestamp')
  const timestamp = reader.bytes()
  reader.end()
  if (parseAddress(address) === null || roots.length === 0) throw new OtherBytes()
  return { address, announcement: { roots, timestamp, snapshot, targets }, path, since, hints }
}

/**
 * What maintainers hand to each other for signing: dag-cbor
 * `{ v: 1, kind: 'proposal', address, parent, summary, roots, root, targets, snapshot, timestamp }`, a file of a few kilobytes.
 */
import * as dagCbor from '@ipld/dag-cbor'
import { equals } from 'multiformats/bytes'
import { parseAddress, type Address } from './address.ts'
import { ReleaseError } from './errors.ts'
import { MAX_ANNOUNCED_ROOT_BYTES, MAX_PROPOSAL_BYTES, MAX_SUMMARY_BYTES } from './limits.ts'
import type { VerdictCode } from './refusal.ts'
import { isPlainText } from './shapes.ts'

/** Verbatim bytes of each file; what is to be signed carries the signatures collected so far. */
export interface Proposal {
  /** null while a first root is being signed: its bytes, signatures included, make the address. */
  address: Address | null
  /** SHA-256 of the targets bytes that the proposed release follows, hex; null in a first release, and for new keys. */
  parent: string | null
  /** For people who open the file. Made anew by whoever reads it, and never trusted. */
  summary: string
  /** Roots to judge it by, ascending; from 1 on when they fit, else the newest. Empty before a first root. */
  roots: Uint8Array[]
  /** The next root, when keys are to change. */
  root: Uint8Array | null
  /** The next release; with new keys the newest release, to be signed by them too. */
  targets: Uint8Array | null
  snapshot: Uint8Array | null
  timestamp: Uint8Array | null
}

type ParsedProposal = { ok: true; proposal: Proposal } | { ok: false; code: VerdictCode; reason: string }

const FORMAT_VERSION = 1
const KIND = 'proposal'
const FIELD_COUNT = 10
const SHA256_HEX = /^[0-9a-f]{64}$/
const utf8 = new TextEncoder()

/**
 * @returns the bytes of the file: equal for equal input. Of a long chain only the newest roots are kept.
 * @throws ReleaseError 'too-large'; 'bad-argument' for a summary that no reader would take
 */
export function encodeProposal(proposal: Proposal): Uint8Array {
  const { address, parent, summary, root, targets, snapshot, timestamp } = proposal
  if (!isSummary(summary)) throw new ReleaseError('bad-argument', 'the summary is too long, or cannot be shown')
  const roots = newestThatFit(proposal.roots)
  const fields = { address, parent, summary, roots, root, targets, snapshot, timestamp }
  const bytes = dagCbor.encode({ v: FORMAT_VERSION, kind: KIND, ...fields })
  if (bytes.length > MAX_PROPOSAL_BYTES) {
    throw new ReleaseError('too-large', `the proposal has ${bytes.length} bytes, more than ${MAX_PROPOSAL_BYTES}`)
  }
  return bytes
}

/**
 * @param bytes from anybody
 * @returns the parts, unverified, such that encoding them gives the same bytes; or why not
 */
export function parseProposal(bytes: Uint8Array): ParsedProposal {
  // Endless data: before anything is decoded.
  if (bytes.length > MAX_PROPOSAL_BYTES) {
    return refused('too-large', `${bytes.length} bytes, more than ${MAX_PROPOSAL_BYTES}`)
  }
  const proposal = decode(bytes)
  if (proposal === null) return refused('bad-format', 'not a proposal')
  if (proposal.roots.reduce((sum, root) => sum + root.length, 0) > MAX_ANNOUNCED_ROOT_BYTES) {
    return refused('too-large', `more than ${MAX_ANNOUNCED_ROOT_BYTES} bytes of roots`)
  }
  if (!equals(encodeProposal(proposal), bytes)) return refused('bad-format', 'not in the canonical encoding')
  return { ok: true, proposal }
}

function newestThatFit(roots: readonly Uint8Array[]): Uint8Array[] {
  let room = MAX_ANNOUNCED_ROOT_BYTES
  let first = roots.length
  while (first > 0 && (roots[first - 1] as Uint8Array).length <= room) room -= (roots[--first] as Uint8Array).length
  return roots.slice(first)
}

function decode(bytes: Uint8Array): Proposal | null {
  let value: unknown
  try {
    value = dagCbor.decode(bytes)
  } catch {
    // Whatever the decoder dislikes, nesting without end included, is no proposal.
    return null
  }
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== FIELD_COUNT) return null
  const fields = value as { [field: string]: unknown }
  const { v, kind, address, parent, summary, roots, root, targets, snapshot, timestamp } = fields
  if (v !== FORMAT_VERSION || kind !== KIND) return null
  if (!isNullOr(address, isAddress) || !isNullOr(parent, isSha256) || !isSummary(summary)) return null
  if (!Array.isArray(roots) || !roots.every(isBytes)) return null
  if (!isNullOr(root, isBytes) || !isNullOr(targets, isBytes)) return null
  if (!isNullOr(snapshot, isBytes) || !isNullOr(timestamp, isBytes)) return null
  return { address, parent, summary, roots, root, targets, snapshot, timestamp }
}

function isNullOr<T>(value: unknown, is: (value: unknown) => value is T): value is T | null {
  return value === null || is(value)
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array
}

function isAddress(value: unknown): value is Address {
  return typeof value === 'string' && parseAddress(value) !== null
}

function isSha256(value: unknown): value is string {
  return typeof value === 'string' && SHA256_HEX.test(value)
}

function isSummary(value: unknown): value is string {
  return typeof value === 'string' && utf8.encode(value).length <= MAX_SUMMARY_BYTES && isPlainText(value)
}

function refused(code: VerdictCode, reason: string): ParsedProposal {
  return { ok: false, code, reason }
}

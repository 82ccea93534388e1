/** The target named `archive` inside targets metadata: what a release says of itself (trust.md, "The release"). */
import { toHex } from 'multiformats/bytes'
import type { CID } from 'multiformats/cid'
import { parseCid, type Address } from './address.ts'
import { requireArchive } from './archive-root.ts'
import { MAX_MESSAGE_BYTES } from './limits.ts'
import type { Targets } from './metadata.ts'
import { Refusal } from './refusal.ts'
import { dateAt, hexAt, integerAt, isPlainText, member, stringAt, type JsonObject } from './shapes.ts'

/** What a publisher signs for. */
export interface ReleaseContent {
  /** UnixFS root of the tree: dag-pb, or raw for a single small file. */
  cid: CID
  /** Bytes of the root block alone. */
  rootBlockSize: number
  /** Bytes of all files of the tree. */
  size: number
  /** Files of the tree. */
  files: number
  /** The block manifest, itself a file of blocks. */
  manifest: CID
}

export interface ReleaseTarget extends ReleaseContent {
  message: string
  /** RFC 3339, as the publisher's clock had it. */
  published: string
  /** SHA-256 of the preceding targets bytes, hex; null in the first release. */
  previous: string | null
}

const TARGET_NAME = 'archive'
const DAG_PB = 0x70
const RAW = 0x55
const SHA256_HEX_CHARS = 64
const utf8 = new TextEncoder()

/**
 * @param address the archive whose release it must be
 * @throws Refusal 'wrong-archive' when it was signed for another one, 'bad-release' when it holds no well-formed release
 */
export function readReleaseTarget(targets: Targets, address: Address): ReleaseTarget {
  requireArchive(targets, address, 'release')
  try {
    return readTarget(targets)
  } catch (error) {
    throw error instanceof Refusal ? new Refusal('bad-release', error.message) : error
  }
}

/**
 * @returns the `targets` member for such a release: reading it back gives the same
 * @throws Refusal 'bad-release' when a value could not be read back
 */
export function writeReleaseTarget(release: ReleaseTarget): JsonObject {
  const { cid, rootBlockSize, manifest, message, published, previous, size, files } = release
  const custom = { cid: cid.toString(), message, published, size, files, manifest: manifest.toString(), previous }
  const hashes = { sha256: toHex(cid.multihash.digest) }
  return { [TARGET_NAME]: { length: rootBlockSize, hashes, custom } }
}

function readTarget(targets: Targets): ReleaseTarget {
  const target = targets.targets.get(TARGET_NAME)
  const custom = target?.custom
  if (target === undefined || custom === undefined) throw malformed('there is no complete target named archive')
  const cid = cidAt(custom, 'cid')
  if (cid.code !== DAG_PB && cid.code !== RAW) throw malformed('custom.cid is not the root of a file tree')
  // Arbitrary content: TUF clients check the hash, IPFS nodes the CID, so the two must never differ.
  if (target.hashes.get('sha256') !== toHex(cid.multihash.digest))
    throw malformed('custom.cid is not what the hash says')
  const message = stringAt(member(custom, 'message'), 'custom.message')
  if (utf8.encode(message).length > MAX_MESSAGE_BYTES)
    throw malformed(`the message is longer than ${MAX_MESSAGE_BYTES} bytes`)
  if (!isPlainText(message)) throw malformed('the message holds control characters')
  const previous = member(custom, 'previous')
  return {
    cid,
    rootBlockSize: target.length,
    size: integerAt(member(custom, 'size'), 'custom.size', 0),
    files: integerAt(member(custom, 'files'), 'custom.files', 0),
    manifest: cidAt(custom, 'manifest'),
    message,
    published: dateAt(member(custom, 'published'), 'custom.published'),
    previous: previous === null || previous === undefined ? null : sha256At(previous),
  }
}

function cidAt(custom: JsonObject, field: string): CID {
  const cid = parseCid(stringAt(member(custom, field), `custom.${field}`))
  if (cid === null) throw malformed(`custom.${field} is not a CIDv1 with sha2-256 in base32`)
  return cid
}

function sha256At(value: JsonObject[string]): string {
  const hex = hexAt(value, 'custom.previous')
  if (hex.length !== SHA256_HEX_CHARS) throw malformed('custom.previous is not a sha256')
  return hex
}

function malformed(reason: string): Refusal {
  return new Refusal('bad-release', reason)
}

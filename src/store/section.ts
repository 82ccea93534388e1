/**
 * One section of a pack: varint length, CID, bytes, as in CARv1 (ipld.io/specs/transport/car/carv1). The CID is always
 * version 1 under sha2-256, so a section's header follows from digest, codec and size alone.
 */
import { MAX_BLOCK_BYTES } from '@holdfast/dag'
import { varint } from 'multiformats'
import { fromHex } from 'multiformats/bytes'

/** What every pack begins with: the CARv1 header without roots, so that any IPFS tool can read a pack. */
export const PACK_HEADER: Uint8Array = fromHex('11a265726f6f7473806776657273696f6e01')

export const DIGEST_BYTES = 32
/** The largest header: four bytes of length, a CID with the largest codec that a varint of this kind holds. */
export const MAX_HEADER_BYTES = 64

const CID_VERSION = 0x01
const SHA2_256 = 0x12

export interface SectionHeader {
  digest: Uint8Array
  codec: number
  /** Bytes of the block. */
  size: number
  /** Bytes of this header; the block follows. */
  length: number
}

/** @returns bytes of the header of such a section */
export function headerLength(codec: number, size: number): number {
  const cid = cidLength(codec)
  return varint.encodingLength(cid + size) + cid
}

/** @returns the header; the block's bytes follow it in the pack */
export function encodeHeader(digest: Uint8Array, codec: number, size: number): Uint8Array {
  const cid = cidLength(codec)
  const header = new Uint8Array(varint.encodingLength(cid + size) + cid)
  let at = varint.encodingLength(cid + size)
  varint.encodeTo(cid + size, header)
  header[at++] = CID_VERSION
  varint.encodeTo(codec, header, at)
  at += varint.encodingLength(codec)
  header[at++] = SHA2_256
  header[at++] = DIGEST_BYTES
  header.set(digest, at)
  return header
}

/** @returns the header that stands at this place, or null when none does that we could have written */
export function parseHeader(bytes: Uint8Array, at: number): SectionHeader | null {
  try {
    const [total, lengthBytes] = varint.decode(bytes, at)
    const cidAt = at + lengthBytes
    if (bytes[cidAt] !== CID_VERSION) return null
    const [codec, codecBytes] = varint.decode(bytes, cidAt + 1)
    const digestAt = cidAt + 1 + codecBytes + 2
    const cidBytes = digestAt + DIGEST_BYTES - cidAt
    const size = total - cidBytes
    const usual = bytes[digestAt - 2] === SHA2_256 && bytes[digestAt - 1] === DIGEST_BYTES
    if (!usual || size < 0 || size > MAX_BLOCK_BYTES || digestAt + DIGEST_BYTES > bytes.length) return null
    const digest = bytes.slice(digestAt, digestAt + DIGEST_BYTES)
    return { digest, codec, size, length: lengthBytes + cidBytes }
  } catch {
    // The varint reader throws where the bytes end or make no number: no header, then.
    return null
  }
}

function cidLength(codec: number): number {
  return 1 + varint.encodingLength(codec) + 2 + DIGEST_BYTES
}

/** The address of an archive: the CID of its first root metadata, so it survives every later change of keys. */
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { sha256 } from './digest.ts'

/** CIDv1 in base32: codec json, hash sha2-256 of the bytes of root version 1. */
export type Address = string

const JSON_CODEC = 0x0200
const SHA2_256 = 0x12

/**
 * @param rootBytes root metadata version 1, verbatim
 * @returns the address of the archive that begins with it
 */
export async function addressOf(rootBytes: Uint8Array): Promise<Address> {
  return CID.createV1(JSON_CODEC, create(SHA2_256, await sha256(rootBytes))).toString()
}

/** @returns the address, or null when the text is not one in its only spelling */
export function parseAddress(text: string): Address | null {
  const cid = parseCid(text)
  return cid !== null && cid.code === JSON_CODEC ? text : null
}

/** @returns the CIDv1 with a sha2-256 hash that this text is the base32 spelling of, or null */
export function parseCid(text: string): CID | null {
  try {
    const cid = CID.parse(text)
    const usual = cid.version === 1 && cid.multihash.code === SHA2_256 && cid.multihash.digest.length === 32
    return usual && cid.toString() === text ? cid : null
  } catch {
    // The parser throws for whatever is no CID; that is the answer, not a failure.
    return null
  }
}

import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { DIGEST_BYTES } from './section.ts'

export const DAG_PB = 0x70
const IDENTITY = 0x00
const SHA2_256 = 0x12

/** @returns a CID of version 1 under sha2-256 */
export function cidOf({ digest, codec }: { digest: Uint8Array; codec: number }): CID {
  return CID.createV1(codec, create(SHA2_256, digest))
}

/** @returns whether the CID holds the block itself, so that no store needs to */
export function isIdentity(cid: CID): boolean {
  return cid.multihash.code === IDENTITY
}

/** @returns whether the CID's hash is the one that this store keeps blocks under */
export function isSha256({ multihash }: CID): boolean {
  return multihash.code === SHA2_256 && multihash.digest.length === DIGEST_BYTES
}

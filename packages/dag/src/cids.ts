import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import type { Hashing } from './blocks.ts'

/** Multicodec codes (multicodec table). */
export const RAW = 0x55
export const DAG_PB = 0x70
export const SHA2_256 = 0x12
const IDENTITY = 0x00

/** The CIDv1 of a block. */
export async function cidOf(codec: typeof RAW | typeof DAG_PB, bytes: Uint8Array, { sha256 }: Hashing): Promise<CID> {
  return CID.createV1(codec, createDigest(SHA2_256, await sha256(bytes)))
}

/** A short string that stands for the CID in sets: one byte a character, a third of what `toString()` takes. */
export function keyOf(cid: CID): string {
  return String.fromCharCode(...cid.bytes)
}

/** The bytes that an identity CID itself holds; null for a CID that is a hash. */
export function inlineBytes(cid: CID): Uint8Array | null {
  return cid.multihash.code === IDENTITY ? cid.multihash.digest : null
}

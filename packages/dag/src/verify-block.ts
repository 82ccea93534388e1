import type { CID } from 'multiformats/cid'
import type { Hashing } from './blocks.ts'
import { inlineBytes, SHA2_256 } from './cids.ts'
import { MAX_DIGEST_BYTES } from './limits.ts'

/**
 * Whether these bytes are that block.
 *
 * @returns false too for every hash other than sha2-256 and identity: what cannot be checked is not taken
 */
export async function verifyBlock(cid: CID, bytes: Uint8Array, { sha256 }: Hashing): Promise<boolean> {
  const inline = inlineBytes(cid)
  if (inline !== null) return inline.byteLength <= MAX_DIGEST_BYTES && sameBytes(inline, bytes)
  return cid.multihash.code === SHA2_256 && sameBytes(cid.multihash.digest, await sha256(bytes))
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && one.every((byte, at) => byte === other[at])
}

import type { CID } from 'multiformats/cid'
import { inlineBytes } from './cids.ts'
import { DagError } from './errors.ts'

/** A block under the CID that somebody asked for or claims; not verified unless said so. */
export interface Block {
  cid: CID
  bytes: Uint8Array
}

/** Where blocks are read from. What it returns is taken as verified. */
export interface BlockReader {
  has(cid: CID): Promise<boolean>
  /** @returns the block's bytes, which nobody may change, or null when it is not there */
  get(cid: CID): Promise<Uint8Array | null>
}

/** Where blocks are put. */
export interface BlockWriter {
  /** The caller has verified or computed the hash, and changes `bytes` no more. Putting a block again does nothing. */
  put(cid: CID, bytes: Uint8Array): Promise<void>
}

/** sha2-256, 32 bytes. An argument, so that Node can use its one-shot `crypto.hash` and a browser WebCrypto. */
export type Hash = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>

/** What hashing needs. */
export interface Hashing {
  sha256: Hash
}

/** @throws DagError `missing-block` */
export async function loadBlock(cid: CID, reader: BlockReader): Promise<Uint8Array> {
  const bytes = inlineBytes(cid) ?? (await reader.get(cid))
  if (bytes === null) throw missingBlock(cid)
  return bytes
}

export function missingBlock(cid: CID): DagError {
  return new DagError('missing-block', `the block ${cid.toString()} is not there`, { cid })
}

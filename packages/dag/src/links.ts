import { decode, type PBLink, type PBNode } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { DAG_PB, inlineBytes, RAW } from './cids.ts'
import { DagError } from './errors.ts'
import { MAX_DIGEST_BYTES } from './limits.ts'

/**
 * The CIDs of the blocks that a block links to, in its order, repeats included; none for raw blocks. An identity CID holds
 * its bytes itself, so nobody needs to fetch or store it: in its place stands what it links to.
 *
 * @throws DagError `bad-block` for bytes that are no DAG-PB node, or another codec
 */
export function linksOf(cid: CID, bytes: Uint8Array): CID[] {
  return followedLinks(cid, bytes).map((link) => link.Hash)
}

/** As linksOf, with what the links say beside the CID. */
export function followedLinks(cid: CID, bytes: Uint8Array): PBLink[] {
  if (cid.code === RAW) return []
  return decodePb(cid, bytes).Links.flatMap((link) => {
    const inline = inlineBytes(link.Hash)
    return inline === null ? link : followedLinks(link.Hash, inline)
  })
}

/** @throws DagError `bad-block` */
export function decodePb(cid: CID, bytes: Uint8Array): PBNode {
  if (cid.code !== DAG_PB) throw badBlock(cid, `has the codec 0x${cid.code.toString(16)}, which no UnixFS tree holds`)
  const node = decoded(cid, bytes)
  if (node.Links.some((link) => link.Hash.multihash.digest.byteLength > MAX_DIGEST_BYTES))
    throw badBlock(cid, `links to a CID with more than ${MAX_DIGEST_BYTES} bytes of digest`)
  return node
}

function decoded(cid: CID, bytes: Uint8Array): PBNode {
  try {
    return decode(bytes)
  } catch (cause) {
    throw badBlock(cid, 'is no DAG-PB node', cause)
  }
}

/** @param what what is wrong, as the end of a sentence that begins with the block */
export function badBlock(cid: CID, what: string, cause?: unknown): DagError {
  return new DagError('bad-block', `the block ${cid.toString()} ${what}`, { cid, cause })
}

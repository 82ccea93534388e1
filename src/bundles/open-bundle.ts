/** Reads a bundle from its beginning (docs/protocol.md, "Bundles"): what it claims to be, then its blocks as they come. */
import { MAX_BLOCK_BYTES, openCar, verifyBlock, type Block } from '@holdfast/dag'
import { parseBundleHead, type BundleHead } from '@holdfast/release'
import type { CID } from 'multiformats/cid'
import { sha256 } from '../store/sha256.ts'

export interface OpenBundle {
  /** null for a CAR that other programs made: blocks without signed metadata. */
  head: BundleHead | null
  /** What the file says that it is about. */
  roots: CID[]
  /** The blocks after the head, in the order of the file; nothing is verified. */
  blocks: AsyncGenerator<Block>
}

/** @throws DagError 'bad-car' when it is no CARv1 */
export async function openBundle(stream: AsyncIterable<Uint8Array>): Promise<OpenBundle> {
  const { roots, blocks } = await openCar(stream, { maxBlockBytes: MAX_BLOCK_BYTES })
  const first = await blocks.next()
  if (first.done === true) return { head: null, roots, blocks }
  const { cid, bytes } = first.value
  const isHead = roots.at(-1)?.equals(cid) === true && (await verifyBlock(cid, bytes, { sha256 }))
  const head = isHead ? parseBundleHead(bytes) : null
  return { head, roots, blocks: head === null ? withFirst(first.value, blocks) : blocks }
}

async function* withFirst(first: Block, rest: AsyncGenerator<Block>): AsyncGenerator<Block> {
  yield first
  yield* rest
}

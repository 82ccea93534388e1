/** Makes a bundle (docs/protocol.md, "Bundles"): the same bytes for the same release, path and hints. */
import { resolvePath, walkDag, writeCar, type Block, type BlockReader } from '@holdfast/dag'
import { encodeBundleHead, type BundleHead, type ReleaseInfo } from '@holdfast/release'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { sha256 } from '../store/sha256.ts'

const DAG_CBOR = 0x71
const SHA2_256 = 0x12

/** What goes into a bundle. */
export interface BundleContent {
  head: BundleHead
  release: ReleaseInfo
  /** Root of the release whose blocks are left out; null when none are. */
  without: CID | null
}

/**
 * The head, the manifest, then the content in the order of a walk: whoever reads it meets no block that nothing before it
 * names.
 *
 * @param reader has every block
 * @throws DagError 'missing-block'
 */
export async function* writeBundle(content: BundleContent, reader: BlockReader): AsyncGenerator<Uint8Array> {
  const { head, release, without } = content
  const bytes = encodeBundleHead(head)
  const cid = CID.createV1(DAG_CBOR, createDigest(SHA2_256, sha256(bytes)))
  const way = await wayTo(release.cid, head.path, reader)
  // Kubo pins what the roots name, so an incomplete tree is none of them.
  const roots = without === null ? [way.target, cid] : [cid]
  const blocks = async function* (): AsyncGenerator<Block> {
    yield { cid, bytes }
    if (head.path === '') yield* walkDag(release.manifest, reader, { leaves: true })
    yield* way.blocks
    yield* walkWithout(way.target, without, reader)
  }
  yield* writeCar(roots, onceEach(blocks()))
}

/** A plain CAR of one tree, such as the content of a proposal, that any program reads. */
export async function* writePlainCar(root: CID, reader: BlockReader): AsyncGenerator<Uint8Array> {
  yield* writeCar([root], walkDag(root, reader, { leaves: true }))
}

/** The blocks from the root to a path, which prove that it stands there, and what it leads to. */
async function wayTo(root: CID, path: string, reader: BlockReader): Promise<{ target: CID; blocks: Block[] }> {
  if (path === '') return { target: root, blocks: [] }
  const blocks: Block[] = []
  const recorder: BlockReader = {
    has: async (cid) => await reader.has(cid),
    get: async (cid) => {
      const bytes = await reader.get(cid)
      if (bytes !== null) blocks.push({ cid, bytes })
      return bytes
    },
  }
  const node = await resolvePath(root, path, recorder)
  if (node === null) throw new RangeError(`there is no ${path}`)
  return { target: node.cid, blocks }
}

async function* walkWithout(root: CID, without: CID | null, reader: BlockReader): AsyncGenerator<Block> {
  const left = new Set<string>()
  if (without !== null) for await (const { cid } of walkDag(without, reader)) left.add(cid.toString())
  for await (const { cid, bytes } of walkDag(root, reader, { leaves: true })) {
    if (!left.has(cid.toString())) yield { cid, bytes }
  }
}

async function* onceEach(blocks: AsyncIterable<Block>): AsyncGenerator<Block> {
  const seen = new Set<string>()
  for await (const block of blocks) {
    const name = block.cid.toString()
    if (!seen.has(name)) yield block
    seen.add(name)
  }
}

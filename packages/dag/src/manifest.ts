import { CID } from 'multiformats/cid'
import { varint } from 'multiformats'
import { missingBlock, type BlockReader, type BlockWriter, type Hashing } from './blocks.ts'
import { DAG_PB, RAW, SHA2_256 } from './cids.ts'
import { DagError } from './errors.ts'
import { BlockSink } from './import/block-sink.ts'
import { writeFile } from './import/write-file.ts'
import { MAX_BLOCK_BYTES, MAX_MANIFEST_BLOCKS } from './limits.ts'
import { readFile } from './read-file.ts'
import { walkDag } from './walk.ts'

/**
 * The block manifest (docs/protocol.md): a UnixFS file that begins with this line, and then holds for each block its binary
 * CID and its size as an unsigned varint. Encoder and parser are in this file.
 */
const FIRST_LINE = new TextEncoder().encode('holdfast-manifest 1\n')

/** Bytes of the longest entry: a CIDv1 with sha2-256, and a size of at most MAX_BLOCK_BYTES. */
const MAX_ENTRY_BYTES = 36 + varint.encodingLength(MAX_BLOCK_BYTES)

/** A block that a manifest names. */
export interface ListedBlock {
  cid: CID
  /** Bytes of the block. */
  size: number
}

/**
 * Lists all blocks that a root reaches, each once, in the order of walkDag, and puts that list as a file of blocks. Leaves
 * are not read: for their sizes the links to them are believed.
 *
 * @param options `checkLeaves` false where somebody else makes sure that all leaves are there
 * @returns the CID of the manifest, and how many blocks and bytes it lists
 * @throws DagError `missing-block` also for a leaf that is not there, `bad-block`
 */
export async function writeManifest(
  root: CID,
  store: BlockReader & BlockWriter,
  hashing: Hashing,
  { checkLeaves = true }: { checkLeaves?: boolean } = {},
): Promise<{ cid: CID; blocks: number; bytes: number }> {
  let blocks = 0
  let bytes = 0
  async function* content(): AsyncGenerator<Uint8Array> {
    yield FIRST_LINE
    for await (const block of walkDag(root, store)) {
      if (checkLeaves && block.bytes === null && !(await store.has(block.cid))) throw missingBlock(block.cid)
      blocks++
      bytes += block.size
      yield encodeEntry(block)
    }
  }
  const { cid } = await writeFile(content(), new BlockSink(store, hashing))
  return { cid, blocks, bytes }
}

/**
 * Reads a manifest. It is trusted for planning alone: it may omit blocks, repeat them or name others.
 *
 * @param options `maxBlocks` after which it ends, MAX_MANIFEST_BLOCKS unless told
 * @throws DagError `bad-manifest`; `missing-block` for a block of the manifest itself
 */
export async function* readManifest(
  cid: CID,
  reader: BlockReader,
  { maxBlocks = MAX_MANIFEST_BLOCKS }: { maxBlocks?: number } = {},
): AsyncGenerator<ListedBlock> {
  const content = contentOf(cid, reader)
  let pending = await firstEntries(cid, content)
  let blocks = 0
  const parse = function* (keep: number): Generator<ListedBlock> {
    while (pending.byteLength > keep) {
      if (++blocks > maxBlocks) throw badManifest(cid, `names more than ${maxBlocks} blocks`)
      const { entry, length } = decodeEntry(cid, pending)
      pending = pending.subarray(length)
      yield entry
    }
  }
  for await (const chunk of content) {
    pending = concat(pending, chunk)
    yield* parse(MAX_ENTRY_BYTES) // The last entry may be cut in two by the end of a chunk.
  }
  yield* parse(0)
}

/** Reads up to the end of the first line. @returns what was read after it */
async function firstEntries(cid: CID, content: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  let begin = new Uint8Array(0)
  while (begin.byteLength < FIRST_LINE.byteLength) {
    const next = await content.next()
    if (next.done === true) break
    begin = concat(begin, next.value)
  }
  if (!FIRST_LINE.every((byte, at) => byte === begin[at])) throw badManifest(cid, 'does not begin as one')
  return begin.subarray(FIRST_LINE.byteLength)
}

function encodeEntry({ cid, size }: ListedBlock): Uint8Array {
  const entry = new Uint8Array(cid.bytes.byteLength + varint.encodingLength(size))
  entry.set(cid.bytes)
  varint.encodeTo(size, entry, cid.bytes.byteLength)
  return entry
}

function decodeEntry(manifest: CID, bytes: Uint8Array): { entry: ListedBlock; length: number } {
  try {
    const length = CID.inspectBytes(bytes).size
    const cid = CID.decode(bytes.slice(0, length)) // A copy: a kept CID must not keep the whole chunk.
    const [size, sizeLength] = varint.decode(bytes, length)
    const known = (cid.code === RAW || cid.code === DAG_PB) && cid.multihash.code === SHA2_256
    if (!known || cid.multihash.size !== 32) throw badManifest(manifest, 'names a block that no tree holds')
    if (size > MAX_BLOCK_BYTES) throw badManifest(manifest, `names a block of ${size} bytes`)
    return { entry: { cid, size }, length: length + sizeLength }
  } catch (error) {
    throw error instanceof DagError ? error : badManifest(manifest, 'is damaged', error)
  }
}

async function* contentOf(cid: CID, reader: BlockReader): AsyncGenerator<Uint8Array> {
  try {
    yield* readFile(cid, reader)
  } catch (error) {
    if (!(error instanceof DagError) || error.code === 'missing-block') throw error
    throw badManifest(cid, 'cannot be read', error)
  }
}

function concat(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.byteLength + other.byteLength)
  both.set(one)
  both.set(other, one.byteLength)
  return both
}

function badManifest(cid: CID, what: string, cause?: unknown): DagError {
  return new DagError('bad-manifest', `the manifest ${cid.toString()} ${what}`, { cid, cause })
}

import { createWriter, headerLength } from '@ipld/car/buffer-writer'
import { readHeader } from '@ipld/car/decoder'
import { varint } from 'multiformats'
import { CID } from 'multiformats/cid'
import type { Block } from './blocks.ts'
import { ByteReader } from './byte-reader.ts'
import { DagError } from './errors.ts'
import { MAX_CAR_HEADER_BYTES, MAX_DIGEST_BYTES } from './limits.ts'

/** Bytes of the longest varint (multiformats unsigned-varint: 9), and of a CID around the longest digest that is taken. */
const MAX_VARINT_BYTES = 9
const MAX_CID_BYTES = MAX_DIGEST_BYTES + 4 * MAX_VARINT_BYTES

/** Blocks up to this length are joined with their heads: fewer, larger chunks for sockets and files. */
const JOINED_BYTES = 64 * 1024

/**
 * The blocks of a CARv1 stream, in its order, holding one at a time. Nothing is verified: the CIDs are what the stream says.
 * The bytes of a small block are a view into the stream's larger pieces: whoever keeps them for long copies them.
 *
 * @param limits `maxBlockBytes` of one block
 * @throws DagError `bad-car` for anything that is no CARv1, ends in the middle of a block, or passes a limit; what the stream
 *   throws, as it is
 */
export async function* readCar(
  stream: AsyncIterable<Uint8Array>,
  limits: { maxBlockBytes: number },
): AsyncGenerator<Block> {
  yield* (await openCar(stream, limits)).blocks
}

/** As readCar, with the roots that the header names. Whoever does not read the blocks ends them with `return`. */
export async function openCar(
  stream: AsyncIterable<Uint8Array>,
  { maxBlockBytes }: { maxBlockBytes: number },
): Promise<{ roots: CID[]; blocks: AsyncGenerator<Block> }> {
  const reader = new ByteReader(stream, MAX_CAR_HEADER_BYTES)
  try {
    const { roots } = await judged(reader, 'it has no CARv1 header', readHeader(reader, 1))
    return { roots, blocks: sectionsOf(reader, maxBlockBytes) }
  } catch (error) {
    await reader.end()
    throw error
  }
}

async function* sectionsOf(reader: ByteReader, maxBlockBytes: number): AsyncGenerator<Block> {
  try {
    reader.limit = maxBlockBytes + MAX_CID_BYTES
    for (let number = 1; ; number++) {
      const block = await judged(reader, `block ${number}`, readSection(reader, maxBlockBytes))
      if (block === null) return
      yield block
    }
  } finally {
    await reader.end()
  }
}

/** @returns null at the end of the stream */
async function readSection(reader: ByteReader, maxBlockBytes: number): Promise<Block | null> {
  const head = await reader.upTo(MAX_VARINT_BYTES)
  if (head.byteLength === 0) return null
  const [length, lengthLength] = varint.decode(head)
  reader.seek(lengthLength)
  const section = await reader.exactly(length, true)
  const cidLength = CID.inspectBytes(section).size
  if (cidLength > MAX_CID_BYTES) throw new RangeError(`a CID of ${cidLength} bytes`)
  const cid = CID.decode(section.slice(0, cidLength)) // A copy: a kept CID must not keep the block.
  const bytes = section.subarray(cidLength)
  if (bytes.byteLength > maxBlockBytes)
    throw new RangeError(`${bytes.byteLength} bytes, more than the ${maxBlockBytes} that are allowed`)
  return { cid, bytes }
}

/** Calls what went wrong in the bytes `bad-car`, and lets the stream's own errors through. */
async function judged<T>(reader: ByteReader, where: string, read: Promise<T>): Promise<T> {
  try {
    return await read
  } catch (cause) {
    if (reader.sourceError !== null) throw reader.sourceError.error
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new DagError('bad-car', `this is no valid CAR: ${where}: ${why}`, { cause })
  }
}

/** A CARv1 stream of these blocks, in their order. Errors of `blocks` pass through as they are. */
export async function* writeCar(
  roots: readonly CID[],
  blocks: AsyncIterable<Block> | Iterable<Block>,
): AsyncGenerator<Uint8Array> {
  const rootList = [...roots]
  const header = new Uint8Array(headerLength({ roots: rootList }))
  yield createWriter(header.buffer, { roots: rootList }).close()
  for await (const { cid, bytes } of blocks) {
    const length = cid.bytes.byteLength + bytes.byteLength
    const headBytes = varint.encodingLength(length) + cid.bytes.byteLength
    const joined = bytes.byteLength <= JOINED_BYTES
    const head = new Uint8Array(joined ? headBytes + bytes.byteLength : headBytes)
    varint.encodeTo(length, head)
    head.set(cid.bytes, headBytes - cid.bytes.byteLength)
    if (joined) head.set(bytes, headBytes)
    yield head
    if (!joined) yield bytes
  }
}

import type { CID } from 'multiformats/cid'
import { loadBlock, type Block, type BlockReader } from './blocks.ts'
import { keyOf } from './cids.ts'
import { DagError } from './errors.ts'
import { MAX_FILE_DEPTH } from './limits.ts'
import { badBlock } from './links.ts'
import { parseNode, type FileNode } from './unixfs-node.ts'

/** Bytes `from` (the first) to `to` (the first that is not wanted any more). */
export interface ByteRange {
  from: number
  to: number
}

/**
 * A file's bytes, in constant memory. It never yields more than its first block says, and ends with an error where a block
 * holds more or less than the one above says.
 *
 * @param range what lies beyond the end is left out
 * @throws DagError `not-a-file` for folders and symlinks, `bad-range`, `bad-block`, `missing-block`, `too-deep`
 */
export async function* readFile(cid: CID, reader: BlockReader, range?: ByteRange): AsyncGenerator<Uint8Array> {
  for await (const { content } of walkFile(cid, reader, range)) if (content.byteLength > 0) yield content
}

/** A block of a file, and what of the wanted bytes it holds itself. */
interface FileBlock extends Block {
  content: Uint8Array
}

/**
 * The blocks that hold or lead to the bytes of a range, depth first; the file's first block always. Throws as readFile.
 *
 * @param once leaves out what was walked whole before: a file may say that it repeats one part for exabytes
 */
export async function* walkFile(
  root: CID,
  reader: BlockReader,
  range?: ByteRange,
  once = false,
): AsyncGenerator<FileBlock> {
  const { from, to } = checkRange(range)
  const whole = new Set<string>()
  const stack: Waiting[] = [{ cid: root, start: 0, size: null, depth: 0 }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { cid, start, size, depth } = next
    if (once && size !== null && start >= from && start + size <= to) {
      if (whole.has(keyOf(cid))) continue
      whole.add(keyOf(cid))
    }
    if (depth > MAX_FILE_DEPTH)
      throw new DagError('too-deep', `the file ${root.toString()} is nested too deep`, { cid: root })
    const bytes = await loadBlock(cid, reader)
    const node = parseNode(cid, bytes)
    if (node.kind !== 'file') throw size === null ? notAFile(cid) : badBlock(cid, 'stands inside a file, but is none')
    if (size !== null && node.size !== size) throw badBlock(cid, `holds ${node.size} bytes instead of ${size}`)
    yield { cid, bytes, content: node.content.subarray(Math.max(0, from - start), Math.max(0, to - start)) }
    for (const part of partsOf(node, start, depth + 1).toReversed()) {
      // A part without bytes is not read: there could be any number of them.
      if (part.size > 0 && part.start < to && part.start + part.size > from) stack.push(part)
    }
  }
}

interface Waiting {
  cid: CID
  /** Where its first byte stands in the file. */
  start: number
  /** Bytes of content, as the block above says; null for the root. */
  size: number | null
  depth: number
}

function partsOf(node: FileNode, start: number, depth: number): (Waiting & { size: number })[] {
  let at = start + node.content.byteLength
  return node.parts.map(({ cid, size }) => {
    const part = { cid, start: at, size, depth }
    at += size
    return part
  })
}

function checkRange(range: ByteRange | undefined): ByteRange {
  if (range === undefined) return { from: 0, to: Infinity }
  const { from, to } = range
  const whole = Number.isInteger(from) && (Number.isInteger(to) || to === Infinity)
  if (!whole || from < 0 || to < from) throw new DagError('bad-range', `${from} to ${to} is no range of bytes`)
  return range
}

function notAFile(cid: CID): DagError {
  return new DagError('not-a-file', `${cid.toString()} is no file`, { cid })
}

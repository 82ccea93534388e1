import { encode } from '@ipld/dag-pb'
import { DAG_PB, RAW } from '../cids.ts'
import { CHUNK_BYTES, FILE_NODE_LINKS } from '../limits.ts'
import type { BlockSink, WrittenNode } from './block-sink.ts'
import { fileData } from './unixfs-data.ts'

/** A file that was put. */
export interface WrittenFile extends WrittenNode {
  /** Bytes of content. */
  size: number
}

/** Puts a file of any size: leaves of CHUNK_BYTES under a balanced tree. One leaf is held at a time, and a few lists of links. */
export async function writeFile(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  sink: BlockSink,
): Promise<WrittenFile> {
  const tree = new BalancedTree(sink)
  let leaves = 0
  for await (const chunk of chunksOf(content)) {
    await tree.add(await writeLeaf(chunk, sink))
    leaves++
  }
  return leaves === 0 ? await writeLeaf(new Uint8Array(0), sink) : await tree.finish()
}

/** Puts a leaf; alone it is a whole file, the empty one included. */
export async function writeLeaf(bytes: Uint8Array, sink: BlockSink): Promise<WrittenFile> {
  return { cid: await sink.put(RAW, bytes), tsize: bytes.byteLength, size: bytes.byteLength }
}

/** Grows from the leaves: a level that is full becomes one node of the level above. */
class BalancedTree {
  readonly #sink: BlockSink
  readonly #levels: WrittenFile[][] = []

  constructor(sink: BlockSink) {
    this.#sink = sink
  }

  async add(node: WrittenFile, level = 0): Promise<void> {
    const nodes = (this.#levels[level] ??= [])
    nodes.push(node)
    if (nodes.length === FILE_NODE_LINKS) await this.#close(level)
  }

  /** Closes what is open from below, until one node stands alone with nothing above it. */
  async finish(): Promise<WrittenFile> {
    for (let level = 0; ; level++) {
      const nodes = this.#levels[level] ?? []
      const [only] = nodes
      if (only !== undefined && nodes.length === 1 && level === this.#levels.length - 1) return only
      if (nodes.length > 0) await this.#close(level)
    }
  }

  async #close(level: number): Promise<void> {
    const nodes = this.#levels[level] ?? []
    this.#levels[level] = []
    await this.add(await writeInnerNode(nodes, this.#sink), level + 1)
  }
}

async function writeInnerNode(nodes: readonly WrittenFile[], sink: BlockSink): Promise<WrittenFile> {
  const Links = nodes.map(({ cid, tsize }) => ({ Hash: cid, Name: '', Tsize: tsize }))
  const block = encode({ Data: fileData(nodes.map((node) => node.size)), Links })
  return {
    cid: await sink.put(DAG_PB, block),
    tsize: nodes.reduce((sum, node) => sum + node.tsize, block.byteLength),
    size: nodes.reduce((sum, node) => sum + node.size, 0),
  }
}

/** Cuts a stream into arrays of CHUNK_BYTES, the last one shorter; nothing for an empty stream. */
async function* chunksOf(content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let chunk = new Uint8Array(0)
  let filled = 0
  for await (const bytes of content) {
    for (let at = 0; at < bytes.byteLength;) {
      const rest = bytes.byteLength - at
      if (filled === 0 && rest >= CHUNK_BYTES) {
        yield bytes.subarray(at, at + CHUNK_BYTES) // No copy where the source reads in whole chunks.
        at += CHUNK_BYTES
        continue
      }
      if (filled === 0) chunk = new Uint8Array(CHUNK_BYTES)
      const take = Math.min(rest, CHUNK_BYTES - filled)
      chunk.set(bytes.subarray(at, at + take), filled)
      filled += take
      at += take
      if (filled < CHUNK_BYTES) continue
      yield chunk
      filled = 0
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled)
}

import { hash } from 'node:crypto'
import * as dagPb from '@ipld/dag-pb'
import { UnixFS, type UnixFSOptions } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import type { BlockReader, BlockWriter } from '../src/index.ts'

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', bytes, 'buffer')) // No Buffer: it would not equal what is decoded.
}

export const hashing = { sha256 }

/** Hashes the same bytes of the same buffer once: four gigabytes of zeros in a moment. */
export function memoizedSha256(): (bytes: Uint8Array) => Uint8Array {
  const known = new WeakMap<ArrayBufferLike, Map<number, Uint8Array>>()
  return (bytes) => {
    if (bytes.byteOffset !== 0) return sha256(bytes)
    const ofBuffer = known.get(bytes.buffer) ?? new Map<number, Uint8Array>()
    known.set(bytes.buffer, ofBuffer)
    const digest = ofBuffer.get(bytes.byteLength) ?? sha256(bytes)
    ofBuffer.set(bytes.byteLength, digest)
    return digest
  }
}

/** Blocks in memory, which count how often they are read. */
export class MemoryBlocks implements BlockReader, BlockWriter {
  readonly blocks = new Map<string, Uint8Array>()
  reads = 0

  async has(cid: CID): Promise<boolean> {
    return await Promise.resolve(this.blocks.has(cid.toString()))
  }

  async get(cid: CID): Promise<Uint8Array | null> {
    this.reads++
    return await Promise.resolve(this.blocks.get(cid.toString()) ?? null)
  }

  async put(cid: CID, bytes: Uint8Array): Promise<void> {
    await Promise.resolve(this.blocks.set(cid.toString(), bytes))
  }

  delete(cid: CID): void {
    this.blocks.delete(cid.toString())
  }

  /** Puts a raw block. */
  raw(bytes: Uint8Array | string): CID {
    return this.#add(0x55, typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes)
  }

  /** Puts a UnixFS node, however wrong, with links as given. */
  node(options: UnixFSOptions, links: { name?: string; cid: CID; tsize?: number }[] = []): CID {
    const Links = links.map(({ name = '', cid, tsize = 0 }) => ({ Name: name, Hash: cid, Tsize: tsize }))
    return this.#add(0x70, dagPb.encode(dagPb.prepare({ Data: new UnixFS(options).marshal(), Links })))
  }

  /** Puts a plain directory. */
  directory(entries: Record<string, CID>): CID {
    return this.node(
      { type: 'directory' },
      Object.entries(entries).map(([name, cid]) => ({ name, cid, tsize: 1 })),
    )
  }

  #add(codec: number, bytes: Uint8Array): CID {
    const cid = CID.createV1(codec, createDigest(0x12, sha256(bytes)))
    this.blocks.set(cid.toString(), bytes)
    return cid
  }
}

/** All that an iterable yields. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** All bytes of a stream in one array. */
export async function joined(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await collect(stream)))
}

/** Blocks that follow from a number, the same in the process that writes them and in the test that looks for them. */
import { createHash } from 'node:crypto'
import { encode, prepare } from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'

export interface TestBlock {
  cid: CID
  bytes: Uint8Array
}

const RAW = 0x55
const DAG_PB = 0x70

export function blockOf(bytes: Uint8Array, codec: number = RAW): TestBlock {
  const digest = createHash('sha256').update(bytes).digest()
  return { cid: CID.createV1(codec, create(0x12, new Uint8Array(digest))), bytes }
}

/** @returns a leaf whose bytes follow from its number */
export function leaf(number: number, size = 100): TestBlock {
  const bytes = new Uint8Array(size)
  // Xorshift: no two leaves share more than chance.
  let state = (number + 1) * 2_654_435_761
  for (let i = 0; i < size; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[i] = state & 0xff
  }
  return blockOf(bytes)
}

/** @returns a leaf of a size that follows from its number too */
export function leafBlock(number: number): TestBlock {
  return leaf(number, (number * 997) % 5000)
}

/** @returns a directory-like node @param tag tells it from others with the same children */
export function parentOf(children: readonly TestBlock[], tag = 0): TestBlock {
  const links = children.map(({ cid }, i) => ({ Name: String(i).padStart(8, '0'), Hash: cid, Tsize: 1 }))
  return blockOf(encode(prepare({ Data: new Uint8Array([8, 1, tag]), Links: links })), DAG_PB)
}

/** @returns a node over the leaves from that number on; the next but one number shares half of them */
export function treeOfTen(from: number): { root: TestBlock; leaves: TestBlock[] } {
  const leaves = Array.from({ length: 10 }, (_, i) => leafBlock(from + i))
  return { root: parentOf(leaves), leaves }
}

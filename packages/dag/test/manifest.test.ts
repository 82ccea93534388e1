import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { CHUNK_BYTES, MAX_BLOCK_BYTES, importTree, readManifest, walkDag, writeManifest } from '../src/index.ts'
import { file, generatedBytes } from './generated-trees.ts'
import { collect, hashing, MemoryBlocks } from './memory-blocks.ts'

const FIRST_LINE = 'holdfast-manifest 1\n'

async function manifestOf(
  entries: ReturnType<typeof file>[],
): Promise<{ blocks: MemoryBlocks; root: CID; manifest: CID; listed: number; bytes: number }> {
  const blocks = new MemoryBlocks()
  const { cid: root } = await importTree(entries, blocks, hashing)
  const written = await writeManifest(root, blocks, hashing)
  return { blocks, root, manifest: written.cid, listed: written.blocks, bytes: written.bytes }
}

describe('a manifest', () => {
  it('lists what a walk comes by, in its order, with sizes', async () => {
    const large = generatedBytes(3 * CHUNK_BYTES, 1)
    const { blocks, root, manifest, listed, bytes } = await manifestOf([
      file('a', large),
      file('b', large),
      file('c', 'c'),
      file('d'),
    ])
    const walked = await collect(walkDag(root, blocks, { leaves: true }))
    expect(await collect(readManifest(manifest, blocks))).toEqual(
      walked.map(({ cid, bytes: { byteLength } }) => ({ cid, size: byteLength })),
    )
    expect(listed).toBe(walked.length)
    expect(bytes).toBe(walked.reduce((sum, block) => sum + block.bytes.byteLength, 0))
  })

  it('may be larger than one block', async () => {
    const blocks = new MemoryBlocks()
    const leaves = Array.from({ length: 28_500 }, (_, at) => [`${at}`, blocks.raw(`content ${at}`)] as const)
    const root = blocks.node(
      { type: 'directory' },
      leaves.map(([name, cid]) => ({ name, cid, tsize: name.length + 8 })),
    )
    const { cid, blocks: listed } = await writeManifest(root, blocks, hashing)
    expect(cid.code).toBe(0x70)
    const read = await collect(readManifest(cid, blocks))
    expect(read).toHaveLength(listed)
    expect(read.every((entry) => blocks.blocks.get(entry.cid.toString())?.byteLength === entry.size)).toBe(true)
  })

  it('is not written for a tree that lacks a block', async () => {
    const blocks = new MemoryBlocks()
    const leaf = blocks.raw('x')
    const root = blocks.directory({ leaf })
    blocks.delete(leaf)
    await expect(writeManifest(root, blocks, hashing)).rejects.toMatchObject({ code: 'missing-block', cid: leaf })
  })
})

describe('a manifest from a stranger is refused', () => {
  const blocks = new MemoryBlocks()
  const someCid = blocks.raw('some').bytes
  const read = async (cid: CID): Promise<unknown> => await collect(readManifest(cid, blocks, { maxBlocks: 3 }))
  const withEntries = (...entries: Uint8Array[]): CID =>
    blocks.raw(Buffer.concat([Buffer.from(FIRST_LINE), ...entries]))
  const entry = Buffer.concat([someCid, Buffer.from([4])])

  it.each([
    ['empty', blocks.raw('')],
    ['something else', blocks.raw('something that is longer than the first line')],
    ['cut in its first line', blocks.raw(FIRST_LINE.slice(0, -1))],
    ['cut in an entry', withEntries(entry, entry.subarray(0, -1))],
    ['of more blocks than allowed', withEntries(entry, entry, entry, entry)],
    ['of a block too large', withEntries(Buffer.concat([someCid, Buffer.from([0x81, 0x80, 0x80, 0x01])]))],
    ['of a codec that no tree holds', withEntries(Buffer.concat([someCid.with(1, 0x71), Buffer.from([4])]))],
    ['of a hash that nobody can check', withEntries(Buffer.concat([someCid.with(2, 0x11), Buffer.from([4])]))],
    ['a folder', blocks.directory({})],
    ['a file that contradicts itself', blocks.node({ type: 'file', blockSizes: [5n] }, [{ cid: blocks.raw('four') }])],
  ])('when it is %s', async (_, cid) => {
    await expect(read(cid)).rejects.toMatchObject({ name: 'DagError', code: 'bad-manifest' })
  })

  it('but a good one of just so many blocks is read', async () => {
    expect(MAX_BLOCK_BYTES).toBe(0x200000)
    expect(await read(withEntries(entry, entry, entry))).toHaveLength(3)
    expect(await read(withEntries())).toEqual([])
  })

  it('and a block of its own that is missing is named', async () => {
    const leaf = blocks.raw('gone')
    blocks.delete(leaf)
    await expect(read(leaf)).rejects.toMatchObject({ code: 'missing-block', cid: leaf })
  })
})

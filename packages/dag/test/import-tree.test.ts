import { describe, expect, it } from 'vitest'
import { CHUNK_BYTES, importTree, type SourceEntry } from '../src/index.ts'
import { file, folder, generatedBytes, zeros } from './generated-trees.ts'
import { hashing, MemoryBlocks } from './memory-blocks.ts'

async function rootOf(entries: SourceEntry[]): Promise<string> {
  const { cid } = await importTree(entries, new MemoryBlocks(), hashing)
  return cid.toString()
}

describe('importTree', () => {
  it('counts files and their bytes', async () => {
    const blocks = new MemoryBlocks()
    const entries = [file('a', 'abc'), file('b/c', new Uint8Array(CHUNK_BYTES + 1)), folder('d'), file('e')]
    const tree = await importTree(entries, blocks, hashing)
    expect(tree).toMatchObject({ files: 3, size: CHUNK_BYTES + 4, blocks: 8 })
    expect(blocks.blocks.get(tree.cid.toString())?.byteLength).toBe(tree.rootBlockSize)
  })

  it('takes entries in any order that finishes a folder before it leaves it', async () => {
    const sorted = [file('a/1'), file('a/2/x'), file('a/3'), file('b')]
    const other = [file('b'), file('a/3'), folder('a'), folder('a/2'), file('a/2/x'), file('a/1')]
    expect(await rootOf(other)).toBe(await rootOf(sorted))
  })

  it('takes a file at once or as a stream of any pieces', async () => {
    const bytes = generatedBytes(2 * CHUNK_BYTES + 7, 1)
    const whole = await rootOf([file('f', bytes)])
    for (const step of [1000, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / step) }, (_, at) =>
        bytes.subarray(at * step, (at + 1) * step),
      )
      expect(await rootOf([{ path: 'f', content: () => ReadableStream.from(pieces) }]), `pieces of ${step}`).toBe(whole)
    }
  })

  it('believes the bytes of a file that grew since its size was looked at', async () => {
    const bytes = generatedBytes(CHUNK_BYTES + 1, 2)
    expect(await rootOf([{ ...file('f', bytes), size: 10 } as SourceEntry])).toBe(await rootOf([file('f', bytes)]))
  })

  it('holds little of a large file at a time', async () => {
    let put = 0
    let most = 0
    const discard = {
      put: async (): Promise<void> => {
        await Promise.resolve()
        if (++put % 64 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers)
      },
    }
    const before = process.memoryUsage().arrayBuffers
    // One byte before makes every chunk a copy.
    const source = zeros('f', 512 * CHUNK_BYTES) as { content(): AsyncIterable<Uint8Array> }
    async function* shifted(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1)
      yield* source.content()
    }
    await importTree([{ path: 'f', content: shifted }], discard, hashing)
    expect(most - before).toBeLessThan(200 * CHUNK_BYTES)
  })

  it.each([
    ['bad-path', 'the same file twice', [file('a/b'), file('a/b')]],
    ['bad-path', 'a file where a folder is', [file('a/b'), file('a')]],
    ['bad-path', 'a folder where a file is', [file('a'), file('a/b')]],
    ['bad-path', 'a folder that was left before', [file('a/b'), file('c'), file('a/d')]],
    ['unsafe-name', 'a path that leaves the tree', [file('a/../../b')]],
    ['unsafe-name', 'an absolute path', [file('/a')]],
    ['unsafe-name', 'an empty path', [file('')]],
    ['unsafe-name', 'a backslash', [file('a\\b')]],
    ['too-deep', 'endless folders', [file(`${'a/'.repeat(200)}b`)]],
  ] as const)('refuses as %s: %s', async (code, _, entries) => {
    await expect(importTree([...entries], new MemoryBlocks(), hashing)).rejects.toMatchObject({
      name: 'DagError',
      code,
    })
  })

  it('lets errors of the source and the store through as they are', async () => {
    const gone = new Error('gone')
    const source: SourceEntry = {
      path: 'f',
      size: 1,
      content: () => ReadableStream.from([]),
      read: () => Promise.reject(gone),
    }
    await expect(importTree([source], new MemoryBlocks(), hashing)).rejects.toBe(gone)
    const full = new Error('full')
    await expect(importTree([file('f')], { put: async () => await Promise.reject(full) }, hashing)).rejects.toBe(full)
  })
})

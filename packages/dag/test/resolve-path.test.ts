import { describe, expect, it } from 'vitest'
import { importTree, listDirectory, resolvePath } from '../src/index.ts'
import { file, folder } from './generated-trees.ts'
import { collect, hashing, MemoryBlocks } from './memory-blocks.ts'

const blocks = new MemoryBlocks()
const many = Array.from({ length: 8000 }, (_, at) => file(`many/公司 ${at}.txt`, `${at}`))
const { cid: root } = await importTree([file('a/b/c.txt', 'c'), folder('empty'), ...many], blocks, hashing)

describe('resolvePath', () => {
  it('follows plain folders and tells the blocks on the way', async () => {
    const node = await resolvePath(root, 'a/b/c.txt', blocks)
    expect(node).toMatchObject({ type: 'file', size: 1 })
    expect(node?.passed).toHaveLength(3)
    expect(node?.passed[0]?.equals(root)).toBe(true)
  })

  it('finds names in a sharded folder, reading no more than the way', async () => {
    blocks.reads = 0
    const node = await resolvePath(root, 'many/公司 7777.txt', blocks)
    expect(node).toMatchObject({ type: 'file', size: 4 })
    expect(node?.passed.length).toBeGreaterThan(2)
    expect(blocks.reads).toBe((node?.passed.length ?? 0) + 1)
  })

  it('takes the root for an empty path, and overlooks slashes at the ends', async () => {
    for (const path of ['', '/'])
      expect(await resolvePath(root, path, blocks)).toEqual({ cid: root, type: 'directory', size: 0, passed: [] })
    expect(await resolvePath(root, '/a//b/', blocks)).toMatchObject({ type: 'directory' })
  })

  it('returns null where nothing stands', async () => {
    for (const path of ['x', 'a/x', 'a/b/c.txt/d', 'many/公司 8000.txt', 'many/00', 'empty/x'])
      expect(await resolvePath(root, path, blocks), path).toBeNull()
  })

  it('refuses paths that no tree holds', async () => {
    for (const path of ['a/../a', '.', '..'])
      await expect(resolvePath(root, path, blocks)).rejects.toMatchObject({ code: 'bad-path' })
    await expect(resolvePath(root, 'a/'.repeat(1000), blocks)).rejects.toMatchObject({ code: 'too-deep' })
  })

  it('names the block that is missing', async () => {
    const some = new MemoryBlocks()
    const leaf = some.raw('x')
    const top = some.directory({ x: leaf })
    some.delete(leaf)
    const error: unknown = await resolvePath(top, 'x', some).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'missing-block', cid: leaf })
    expect(String(error)).toContain(leaf.toString())
  })
})

describe('listDirectory', () => {
  it('tells files, folders and symlinks apart', async () => {
    const some = new MemoryBlocks()
    const target = new TextEncoder().encode('/etc/passwd')
    const top = some.directory({
      'a.txt': some.raw('x'),
      b: some.directory({}),
      c: some.node({ type: 'symlink', data: target }),
      d: some.node({ type: 'file', data: target }),
    })
    expect((await collect(listDirectory(top, some))).map(({ name, type, size }) => [name, type, size])).toEqual([
      ['a.txt', 'file', 1],
      ['b', 'directory', 0],
      ['c', 'symlink', 0],
      ['d', 'file', 11],
    ])
  })

  it('refuses a file', async () => {
    const some = new MemoryBlocks()
    await expect(collect(listDirectory(some.raw('x'), some))).rejects.toMatchObject({ code: 'not-a-directory' })
  })
})

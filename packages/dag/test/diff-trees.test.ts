import type { CID } from 'multiformats/cid'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { diffTrees, importTree, type SourceEntry, type TreeChange } from '../src/index.ts'
import { file, folder } from './generated-trees.ts'
import { collect, hashing, MemoryBlocks } from './memory-blocks.ts'

const blocks = new MemoryBlocks()

async function put(entries: SourceEntry[]): Promise<CID> {
  const { cid } = await importTree(entries, blocks, hashing)
  return cid
}

async function changes(before: SourceEntry[] | null, after: SourceEntry[]): Promise<string[]> {
  const old = before === null ? null : await put(before)
  const found = await collect(diffTrees(old, await put(after), blocks))
  return found.map(({ change, path, type }: TreeChange) => `${change} ${type} ${path}`)
}

function entriesOf(tree: Record<string, string>): SourceEntry[] {
  return Object.entries(tree)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([path, content]) => file(path, content))
}

describe('diffTrees', () => {
  it('tells what was added, removed and changed, file by file', async () => {
    const before = [file('a', '1'), file('b/c', '1'), file('b/d', '1'), file('same/x', '1')]
    const after = [file('b/c', '2'), file('b/e', '1'), file('f/g/h', '1'), file('same/x', '1')]
    expect(await changes(before, after)).toEqual([
      'removed file a',
      'changed file b/c',
      'removed file b/d',
      'added file b/e',
      'added file f/g/h',
    ])
  })

  it('tells a folder only where it is empty', async () => {
    expect(await changes([folder('a'), folder('b')], [folder('b'), folder('c/d')])).toEqual([
      'removed directory a',
      'added directory c/d',
    ])
  })

  it('tells a folder in the place of a file, and the other way round', async () => {
    expect(await changes([file('a', '1')], [file('a/b', '1')])).toEqual(['removed file a', 'added file a/b'])
    expect(await changes([file('a/b', '1')], [file('a', '1')])).toEqual(['removed file a/b', 'added file a'])
  })

  it('tells everything against no tree at all', async () => {
    expect(await changes(null, [file('a'), file('b/c')])).toEqual(['added file a', 'added file b/c'])
  })

  it('does not read what both have', async () => {
    const same = Array.from({ length: 50 }, (_, at) => file(`same/${at}/x`, `${at}`))
    const before = await put([...same, file('z', '1')])
    const after = await put([...same, file('z', '2')])
    blocks.reads = 0
    expect(await collect(diffTrees(before, after, blocks))).toHaveLength(1)
    expect(blocks.reads).toBe(2)
  })

  it('finds few changes between folders that are sharded, or become so', async () => {
    const many = Array.from({ length: 3000 }, (_, at) => file(`${at}-${'n'.repeat(60)}`, `${at}`))
    expect(await changes(many, [...many.slice(1), file('new')])).toEqual([
      `removed file 0-${'n'.repeat(60)}`,
      'added file new',
    ])
    expect(await changes(many.slice(0, 2000), many)).toHaveLength(1000)
  })

  it('agrees with a comparison of all paths', async () => {
    const trees = fc.dictionary(
      fc.constantFrom('a', 'b', 'c/d', 'c/e', 'f/g/h', 'f/g/i', 'f/j'),
      fc.constantFrom('1', '2'),
    )
    await fc.assert(
      fc.asyncProperty(trees, trees, async (before, after) => {
        const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
          (path) => before[path] !== after[path],
        )
        const expected = paths.map((path) => {
          const change = before[path] === undefined ? 'added' : after[path] === undefined ? 'removed' : 'changed'
          return `${change} file ${path}`
        })
        expect((await changes(entriesOf(before), entriesOf(after))).toSorted()).toEqual(expected.toSorted())
      }),
    )
  })
})

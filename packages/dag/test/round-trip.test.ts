/** What goes in comes out: random trees through import, listing, resolving, reading and back. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHUNK_BYTES, checkName, importTree, listTree, readFile, resolvePath, type SourceEntry } from '../src/index.ts'
import { file, folder, generatedBytes } from './generated-trees.ts'
import { collect, hashing, joined, MemoryBlocks } from './memory-blocks.ts'

interface Folder {
  [name: string]: Uint8Array | Folder
}

const names = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
    fc.constantFrom('a', 'A', '名单', '😀', '\u{E000}', 'a b', '(1)'),
  )
  .filter((name) => {
    try {
      checkName(name)
      return name !== '__proto__'
    } catch {
      return false
    }
  })
const contents = fc.oneof(
  { weight: 9, arbitrary: fc.uint8Array({ maxLength: 50 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES + 9), fc.nat())
      .map(([length, seed]) => generatedBytes(length, seed)),
  },
)
const { tree: trees } = fc.letrec<{ tree: Folder; entry: Folder | Uint8Array }>((tie) => ({
  tree: fc.dictionary(names, tie('entry'), { maxKeys: 6 }),
  entry: fc.oneof({ depthSize: 'small', withCrossShrink: true }, contents, tie('tree')),
}))

function* entriesOf(tree: Folder, prefix = ''): Generator<SourceEntry> {
  for (const [name, inside] of Object.entries(tree)) {
    const path = prefix + name
    if (inside instanceof Uint8Array) yield file(path, inside)
    else yield folder(path)
    if (!(inside instanceof Uint8Array)) yield* entriesOf(inside, `${path}/`)
  }
}

describe('a tree that was imported', () => {
  it('is listed and read as it was', async () => {
    await fc.assert(
      fc.asyncProperty(trees, async (tree) => {
        const blocks = new MemoryBlocks()
        const imported = await importTree(entriesOf(tree), blocks, hashing)
        const expected = new Map([...entriesOf(tree)].map((entry) => [entry.path, entry]))
        const listed = await collect(listTree(imported.cid, blocks))
        expect(listed.map(({ path }) => path).toSorted()).toEqual([...expected.keys()].toSorted())
        for (const { path, cid, type, size } of listed) {
          expect(await resolvePath(imported.cid, path, blocks)).toMatchObject({ cid, type, size })
          const source = expected.get(path)
          if (source === undefined || source.type === 'directory') {
            expect(type).toBe('directory')
            continue
          }
          const bytes = await joined(readFile(cid, blocks))
          expect(Buffer.compare(bytes, (await source.read?.()) ?? bytes.subarray(1))).toBe(0)
          expect(size).toBe(bytes.byteLength)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('is listed in the order of its names in UTF-8, whether sharded or not', async () => {
    for (const count of [20, 8000]) {
      const blocks = new MemoryBlocks()
      const paths = Array.from(
        { length: count },
        (_, at) => `${['a', 'Z', '名', '😀', '\u{E000}'][at % 5]}-${at * 7919}`,
      )
      const { cid } = await importTree(
        paths.map((path) => file(path, path)),
        blocks,
        hashing,
      )
      const listed = await collect(listTree(cid, blocks))
      expect(listed.map(({ path }) => path)).toEqual(
        paths.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))),
      )
    }
  })
})

/** The real archive, where it is at hand: its root CIDs as Kubo 0.43 computes them. */
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  diffTrees,
  importTree,
  listTree,
  readFile,
  readManifest,
  writeManifest,
  type SourceEntry,
} from '../src/index.ts'
import { collect, hashing, joined, MemoryBlocks } from './memory-blocks.ts'

const DATASET = join(import.meta.dirname, '../../../../shared/dataset/996icu')

const ROOTS = {
  '2019-06': 'bafybeibffxlmn2cdxj3zcdnhsspnlch5jiuplyb3ce5rrrpg46cwggmgwm',
  '2020-05': 'bafybeictiife34prjuylyx2nleoxyuvw3xqsfhdpya5f6eco4uxmlggk34',
  '2025-08': 'bafybeidxwk5f42zusdtumwrcnvaxe33s7dluqyjynxjpamijuyostz7qqq',
}

const present = existsSync(DATASET)
if (!present) console.warn(`SKIPPED: the real archive is not at ${DATASET}; its root CIDs are not checked.`)

function* sources(folder: string, prefix = ''): Generator<SourceEntry> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const at = join(folder, entry.name)
    const path = prefix + entry.name
    if (entry.isDirectory()) {
      yield { type: 'directory', path }
      yield* sources(at, `${path}/`)
    } else {
      yield { path, size: statSync(at).size, read: () => readFileSync(at), content: () => createReadStream(at) }
    }
  }
}

describe.skipIf(!present)('the real archive', () => {
  it.each(Object.entries(ROOTS))(
    '%s has the root CID that Kubo gives it, and comes back byte for byte',
    async (name, root) => {
      const blocks = new MemoryBlocks()
      const tree = await importTree(sources(join(DATASET, name)), blocks, hashing)
      expect(tree.cid.toString()).toBe(root)
      for await (const { path, cid, type, size } of listTree(tree.cid, blocks)) {
        if (type === 'directory') continue
        const bytes = await joined(readFile(cid, blocks))
        expect(bytes.byteLength).toBe(size)
        expect(readFileSync(join(DATASET, name, path)).equals(bytes), path).toBe(true)
      }
      const manifest = await writeManifest(tree.cid, blocks, hashing)
      expect(await collect(readManifest(manifest.cid, blocks))).toHaveLength(manifest.blocks)
    },
  )

  it('needs 37 new blocks, 6,070,530 bytes, from 2020-05 to 2025-08, as Kubo counts', async () => {
    const blocks = new MemoryBlocks()
    const before = await importTree(sources(join(DATASET, '2020-05')), blocks, hashing)
    const held = new Set(blocks.blocks.keys())
    const after = await importTree(sources(join(DATASET, '2025-08')), blocks, hashing)
    const fresh = [...blocks.blocks].filter(([cid]) => !held.has(cid))
    expect(fresh).toHaveLength(37)
    expect(fresh.reduce((sum, [, bytes]) => sum + bytes.byteLength, 0)).toBe(6_070_530)
    const changes = await collect(diffTrees(before.cid, after.cid, blocks))
    expect(changes.filter(({ change }) => change === 'added')).toHaveLength(
      after.files - before.files + changes.filter(({ change }) => change === 'removed').length,
    )
  })
})

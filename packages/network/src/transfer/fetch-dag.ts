import { linksOf, readManifest, type BlockReader, type BlockWriter } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import { BATCH_BLOCKS, OVERHEAD_FIXED, OVERHEAD_PER_FILE, OVERHEAD_RATIO } from '../limits.ts'
import type { BlockFetcher, Want } from './fetch-blocks.ts'

/** Raw leaves have no links; they need not be read for a walk. */
const RAW_CODEC = 0x55

/** Wants gathered before a round: enough for several sources, little enough to stay flat on a million blocks. */
const ROUND_BLOCKS = BATCH_BLOCKS * 16

/** Bytes that a fetch of a signed tree may bring at most, its directory nodes included (trust.md: `size` is an upper bound). */
export function budgetFor(size: number, files: number): number {
  return Math.ceil(size * OVERHEAD_RATIO) + files * OVERHEAD_PER_FILE + OVERHEAD_FIXED
}

/**
 * Brings what is missing of a manifest's list. The manifest is signed but trusted for planning alone: `fetchTree` decides
 * afterwards what is complete.
 *
 * @throws NetworkError as BlockFetcher.fetch; DagError `bad-manifest`
 */
export async function fetchListed(manifest: CID, store: BlockReader & BlockWriter, fetcher: BlockFetcher, onPlan?: (wants: readonly Want[]) => void): Promise<void> {
  let wants: Want[] = []
  for await (const { cid, size } of readManifest(manifest, store)) {
    if (await store.has(cid)) continue
    wants.push({ cid, size })
    if (wants.length < ROUND_BLOCKS) continue
    onPlan?.(wants)
    await fetcher.fetch(wants)
    wants = []
  }
  onPlan?.(wants)
  await fetcher.fetch(wants)
}

/**
 * Walks from a root and brings whatever the walk does not find, level by level. When it returns, every block that the root
 * reaches is in the store.
 *
 * @throws NetworkError as BlockFetcher.fetch; DagError for a block that is no valid DAG-PB node
 */
export async function fetchTree(root: CID, store: BlockReader & BlockWriter, fetcher: BlockFetcher): Promise<void> {
  const seen = new Set<string>([root.toString()])
  let level: CID[] = [root]
  while (level.length > 0) {
    const below: CID[] = []
    for (let at = 0; at < level.length; at += ROUND_BLOCKS) {
      const part = level.slice(at, at + ROUND_BLOCKS)
      const wants: Want[] = []
      for (const cid of part) if (!(await store.has(cid))) wants.push({ cid })
      await fetcher.fetch(wants)
      for (const cid of part) {
        if (cid.code === RAW_CODEC) continue
        const bytes = await store.get(cid)
        if (bytes === null) throw new Error(`the block ${cid} was stored and is gone`)
        for (const link of linksOf(cid, bytes)) {
          const key = link.toString()
          if (seen.has(key)) continue
          seen.add(key)
          below.push(link)
        }
      }
    }
    level = below
  }
}

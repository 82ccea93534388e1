import { linksOf, readManifest, type BlockReader, type BlockWriter } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import { OVERHEAD_FIXED, OVERHEAD_PER_FILE, OVERHEAD_RATIO, ROUND_BLOCKS } from '../limits.ts'
import type { BlockFetcher } from './fetch-blocks.ts'
import type { Want } from './lane.ts'

/** Raw leaves have no links; they need not be read for a walk. */
const RAW_CODEC = 0x55
/** The hash of a CID that holds its bytes itself. */
const IDENTITY = 0x00

/** Bytes that a fetch of a signed tree may bring at most, its directory nodes included (trust.md: `size` is an upper bound). */
export function budgetFor(size: number, files: number): number {
  return Math.ceil(size * OVERHEAD_RATIO) + files * OVERHEAD_PER_FILE + OVERHEAD_FIXED
}

/**
 * Brings what is missing of a manifest's list. The manifest is signed but trusted for planning alone: `fetchTree` decides
 * afterwards what is complete.
 *
 * @param manifest its own blocks must be there: `fetchTree` brings them
 * @param onPlan told what will be fetched, part by part
 * @throws NetworkError as BlockFetcher.fetch; DagError `bad-manifest`
 */
export async function fetchListed(
  manifest: CID,
  store: BlockReader & BlockWriter,
  fetcher: BlockFetcher,
  onPlan: (wants: readonly Want[]) => void = () => {},
): Promise<void> {
  let wants: Want[] = []
  const fetchThem = async (): Promise<void> => {
    if (wants.length > 0) onPlan(wants)
    await fetcher.fetch(wants)
    wants = []
  }
  for await (const { cid, size } of readManifest(manifest, store)) {
    if (!(await store.has(cid))) wants.push({ cid, size })
    if (wants.length === ROUND_BLOCKS) await fetchThem()
  }
  await fetchThem()
}

/**
 * Walks from a root and brings whatever the walk does not find, level by level. When it returns, every block that the root
 * reaches is in the store.
 *
 * @throws NetworkError as BlockFetcher.fetch; DagError for a block that is no valid DAG-PB node
 */
export async function fetchTree(root: CID, store: BlockReader & BlockWriter, fetcher: BlockFetcher): Promise<void> {
  let level = root.multihash.code === IDENTITY ? linksOf(root, root.multihash.digest) : [root]
  const seen = new Set<string>()
  while (level.length > 0) {
    const below: CID[] = []
    for (let at = 0; at < level.length; at += ROUND_BLOCKS) {
      const part = level.slice(at, at + ROUND_BLOCKS).filter((cid) => isNew(cid, seen))
      const wants: Want[] = []
      for (const cid of part) if (!(await store.has(cid))) wants.push({ cid })
      await fetcher.fetch(wants)
      for (const cid of part) if (cid.code !== RAW_CODEC) below.push(...(await linksIn(cid, store)))
    }
    level = below
  }
}

async function linksIn(cid: CID, store: BlockReader): Promise<CID[]> {
  const bytes = await store.get(cid)
  if (bytes === null) throw new Error(`the block ${cid.toString()} was stored and is gone`)
  return linksOf(cid, bytes)
}

function isNew(cid: CID, seen: Set<string>): boolean {
  const key = cid.toString()
  if (seen.has(key)) return false
  seen.add(key)
  return true
}

/** A bundle that somebody handed over, held against an address or a CID, offline. Nothing is stored. */
import { closeSync, createReadStream, existsSync, openSync, readSync } from 'node:fs'
import { DagError, resolvePath, walkDag, type BlockReader, type BlockWriter } from '@holdfast/dag'
import type { BundleHead, ReleaseInfo } from '@holdfast/release'
import type { CID } from 'multiformats/cid'
import { openBundle } from '../bundles/open-bundle.ts'
import { takeBlocks } from '../bundles/take-blocks.ts'
import { UploadError } from '../gateway/context.ts'
import { judgeHanded, type HandedMetadata, type HeldArchive } from './handed-announcement.ts'
import type { Problem } from './handed-folder.ts'
import { LayeredStore, MemoryStore } from './layered-store.ts'

export interface HandedBundle {
  judged: HandedMetadata
  /** Root of what is inside; null where nothing is proven. */
  cid: CID | null
  path: string
  problems: Problem[]
}

const RAW = 0x55
/** Where a CARv1 header says what it is: after a varint of one or two bytes, a map of two entries, its first key `roots`. */
const CAR_MARK = Buffer.from([0xa2, 0x65, 0x72, 0x6f, 0x6f, 0x74, 0x73])
const READ_BYTES = 1024 * 1024

/** @returns whether a file is there and begins as a CAR does */
export function isCarFile(file: string): boolean {
  if (!existsSync(file)) return false
  const descriptor = openSync(file, 'r')
  try {
    const begin = Buffer.alloc(CAR_MARK.length + 3)
    readSync(descriptor, begin, 0, begin.length, 0)
    return [1, 2, 3].some((at) => begin.subarray(at, at + CAR_MARK.length).equals(CAR_MARK))
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Reads all of a bundle.
 *
 * @param held what this home knows of the archive
 * @param home its blocks: what a bundle made with --since leaves out may be there
 */
export async function readHandedBundle(
  file: string,
  held: HeldArchive,
  home: BlockReader,
  now: Date,
): Promise<HandedBundle> {
  const { head, blocks } = await openBundle(createReadStream(file, { highWaterMark: READ_BYTES }))
  const nothing = { cid: null, path: head?.path ?? '' }
  if (head === null) {
    await blocks.return(undefined)
    const problem = 'it holds no signed metadata'
    return { ...nothing, judged: { ok: false, problem, notes: [] }, problems: [{ path: file, problem }] }
  }
  const judged = await judgeHanded(head.announcement, held, now)
  if (!judged.ok || judged.kind !== 'release') {
    await blocks.return(undefined)
    const problem = judged.ok ? 'it holds no release' : judged.problem
    return { ...nothing, judged, problems: [{ path: file, problem }] }
  }
  const seen = new SeenBlocks()
  try {
    await takeBlocks(judged.release, blocks, seen, Infinity)
  } catch (error) {
    if (!(error instanceof UploadError)) throw error
    return { ...nothing, judged, problems: [{ path: file, problem: error.message }] }
  }
  return { judged, path: head.path, ...(await contentOf(file, head, judged.release, seen, home)) }
}

/** What is there of what the head promises. */
async function contentOf(
  file: string,
  { path, since }: BundleHead,
  release: ReleaseInfo,
  seen: SeenBlocks,
  home: BlockReader,
): Promise<{ cid: CID | null; problems: Problem[] }> {
  const reader = since > 0 ? new LayeredStore(home, seen) : seen
  let lacking = 0
  let cid: CID | null = null
  try {
    cid = path === '' ? release.cid : ((await resolvePath(release.cid, path, reader))?.cid ?? null)
    if (cid === null) return { cid, problems: [{ path: file, problem: `there is no "${path}" in the release` }] }
    for await (const block of walkDag(cid, reader)) if (!(await reader.has(block.cid))) lacking++
  } catch (error) {
    if (!(error instanceof DagError) || error.code !== 'missing-block') throw error
    lacking++
  }
  const why = since > 0 ? `; it is for those who hold release ${since}` : ''
  return { cid, problems: lacking === 0 ? [] : [{ path: file, problem: `lacks ${lacking} blocks or more${why}` }] }
}

/** Knows which blocks came, and keeps those that link to others. */
class SeenBlocks extends MemoryStore implements BlockReader, BlockWriter {
  readonly #leaves = new Set<string>()

  override async has(cid: CID): Promise<boolean> {
    return this.#leaves.has(cid.toString()) || (await super.has(cid))
  }

  override async put(cid: CID, bytes: Uint8Array): Promise<void> {
    if (cid.code === RAW) this.#leaves.add(cid.toString())
    else await super.put(cid, bytes)
  }
}

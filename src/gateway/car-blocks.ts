/** The blocks of one CAR answer, depth first: those that prove the path, then what `dag-scope` asks for. */
import { readFile, walkEntity, type Block, type BlockReader } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import { linksIn } from './block-links.ts'
import { loadBlock, RecordingReader } from './block-readers.ts'
import { isIdentity } from './content-path.ts'
import type { FileRange } from './entity-bytes.ts'
import type { FoundContent } from './resolve-content.ts'
import type { DagScope } from './response-format.ts'

/** Which part of the content at the end of the path. */
export interface CarSelection {
  scope: DagScope
  /** Of a file, with scope `entity`; null for the whole. */
  range: FileRange | null
  /** Whether a block is sent each time that the walk meets it. */
  dups: boolean
}

/**
 * Identity CIDs are left out: their parents hold them (trustless-gateway, "dups").
 *
 * @throws DagError `missing-block` or `bad-block` where the walk cannot go on
 */
export async function* carBlocks(
  content: FoundContent,
  selection: CarSelection,
  blocks: BlockReader,
): AsyncGenerator<Block> {
  const seen = new Set<string>()
  const isSent = (cid: CID): boolean => {
    if (isIdentity(cid)) return true
    const key = keyOf(cid)
    const known = !selection.dups && seen.has(key)
    if (!selection.dups) seen.add(key)
    return known
  }
  for (const cid of content.passed) if (!isSent(cid)) yield { cid, bytes: await loadBlock(cid, blocks) }
  if (selection.scope === 'all') yield* wholeDag(content.cid, blocks, isSent)
  else for await (const block of entityBlocks(content, selection, blocks)) if (!isSent(block.cid)) yield block
}

/** @param isSent asked once for each meeting; what was sent before is not walked again either, since its children were */
async function* wholeDag(root: CID, blocks: BlockReader, isSent: (cid: CID) => boolean): AsyncGenerator<Block> {
  const waiting = [root]
  for (let cid = waiting.pop(); cid !== undefined; cid = waiting.pop()) {
    const known = isSent(cid)
    if (known && !isIdentity(cid)) continue
    const bytes = await loadBlock(cid, blocks)
    if (!known) yield { cid, bytes }
    for (const link of linksIn(cid, bytes).toReversed()) waiting.push(link)
  }
}

async function* entityBlocks(
  { cid, type }: FoundContent,
  { scope, range }: CarSelection,
  blocks: BlockReader,
): AsyncGenerator<Block> {
  if (scope === 'block' || type === null) yield { cid, bytes: await loadBlock(cid, blocks) }
  else if (type === 'file') yield* fileBlocks(cid, range, blocks)
  else yield* walkEntity(cid, blocks)
}

/** What a reader of the file reads, in its order: repeats too, which a walk that looks for blocks alone would skip. */
async function* fileBlocks(cid: CID, range: FileRange | null, blocks: BlockReader): AsyncGenerator<Block> {
  const reader = new RecordingReader(blocks)
  for await (const _ of readFile(cid, reader, range ?? undefined)) yield* reader.take()
  yield* reader.take()
}

/** One byte a character: a third of what the CID's text takes. */
function keyOf(cid: CID): string {
  return Buffer.from(cid.bytes).toString('latin1')
}

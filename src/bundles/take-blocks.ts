/** Blocks that somebody hands over, in an upload or in a bundle: stored only when a verified release names them. */
import { linksOf, verifyBlock, DagError, type Block, type BlockReader, type BlockWriter } from '@holdfast/dag'
import { budgetFor } from '@holdfast/network'
import type { ReleaseInfo } from '@holdfast/release'
import { UploadError } from '../gateway/context.ts'
import { sha256 } from '../store/sha256.ts'

/**
 * Takes blocks of which each is named by an earlier one, by the release or by a block held already: the order of a
 * walk. So nothing is stored before a signature covers it (trust.md, "An upload").
 *
 * @param release verified, or what a proposal says of one
 * @param blocks as they come, unverified
 * @param room bytes that may still be stored
 * @returns blocks that were new here
 * @throws UploadError with the HTTP status and a reason for the sender
 */
export async function takeBlocks(
  release: Pick<ReleaseInfo, 'cid' | 'manifest' | 'size' | 'files'>,
  blocks: AsyncIterable<Block>,
  store: BlockReader & BlockWriter,
  room: number,
): Promise<{ stored: number }> {
  const expected = new Set([release.manifest.toString(), release.cid.toString()])
  let budget = budgetFor(release.size, release.files)
  let left = room
  let stored = 0
  try {
    for await (const { cid, bytes } of blocks) {
      if (!expected.has(cid.toString()))
        throw new UploadError(
          422,
          `the block ${cid} is not named by the release or comes before the block that names it`,
        )
      if (!(await verifyBlock(cid, bytes, { sha256 })))
        throw new UploadError(422, `the bytes sent for ${cid} are not that block`)
      for (const link of linksOf(cid, bytes)) expected.add(link.toString())
      // Counted when it is held too: nobody sends the same block for ever.
      budget -= bytes.length
      if (budget < 0) throw new UploadError(413, 'more bytes than the release was signed for')
      if (await store.has(cid)) continue
      left -= bytes.length
      if (left < 0) throw new UploadError(507, 'the quota of this mirror leaves no room for it')
      await store.put(cid, bytes)
      stored++
    }
  } catch (error) {
    if (error instanceof DagError) throw new UploadError(400, error.message)
    throw error
  }
  return { stored }
}

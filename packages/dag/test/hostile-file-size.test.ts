/** Files whose blocks hold more or less than the block above says: nothing beyond the first block's size may come out. */
import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { readFile } from '../src/index.ts'
import { MemoryBlocks } from './memory-blocks.ts'

const blocks = new MemoryBlocks()
const ten = blocks.raw('0123456789')

async function read(cid: CID): Promise<{ bytes: number; code: string | null }> {
  let bytes = 0
  try {
    for await (const chunk of readFile(cid, blocks)) bytes += chunk.byteLength
    return { bytes, code: null }
  } catch (error) {
    return { bytes, code: (error as { code: string }).code }
  }
}

function fileOf(sizes: number[], links: CID[], data?: string): CID {
  const blockSizes = sizes.map(BigInt)
  return blocks.node(
    { type: 'file', blockSizes, ...(data !== undefined && { data: new TextEncoder().encode(data) }) },
    links.map((cid) => ({ cid })),
  )
}

describe('readFile', () => {
  it.each([
    ['a leaf that is longer than said', fileOf([9], [ten]), 0],
    ['a leaf that is shorter than said', fileOf([11], [ten]), 0],
    ['a second leaf that is longer', fileOf([10, 3], [ten, ten]), 10],
    ['an inner node that is larger than said', fileOf([10, 10], [ten, fileOf([10, 10], [ten, ten])]), 10],
    ['an inner node that lies about itself', fileOf([20], [fileOf([10, 10], [ten, blocks.raw('012345678910')])]), 10],
    ['content of its own beside a leaf', fileOf([10], [fileOf([10], [ten], 'more')]), 0],
    ['more links than sizes', fileOf([10], [ten, ten]), 0],
    ['more sizes than links', fileOf([10, 10], [ten]), 0],
    ['a folder inside', fileOf([0, 10], [ten, blocks.directory({})]), 0],
  ])('ends at %s', async (_, cid, bytes) => {
    expect(await read(cid)).toEqual({ bytes, code: 'bad-block' })
  })

  it('reads the honest one', async () => {
    expect(await read(fileOf([10, 20], [ten, fileOf([10, 10], [ten, ten])]))).toEqual({ bytes: 30, code: null })
  })
})

import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { describe, expect, it } from 'vitest'
import { linksOf, resolvePath, verifyBlock, walkDag } from '../src/index.ts'
import { collect, hashing, MemoryBlocks } from './memory-blocks.ts'

describe('identity CIDs', () => {
  const some = new MemoryBlocks()
  const leaf = some.raw('leaf')
  const inner = some.directory({ leaf })
  const inline = CID.createV1(0x70, createDigest(0, some.blocks.get(inner.toString()) ?? new Uint8Array()))
  const text = CID.createV1(0x55, createDigest(0, new TextEncoder().encode('inline')))

  it('need not be fetched: what they link to stands in their place', async () => {
    const top = some.directory({ inline, text })
    expect(linksOf(top, some.blocks.get(top.toString()) ?? new Uint8Array())).toEqual([leaf])
    expect((await collect(walkDag(top, some))).map(({ cid }) => cid)).toEqual([top, leaf])
  })

  it('are read like blocks', async () => {
    const top = some.directory({ inline, text })
    expect(await resolvePath(top, 'inline/leaf', some)).toMatchObject({ cid: leaf, type: 'file' })
    expect(await resolvePath(top, 'text', some)).toMatchObject({ size: 6 })
    expect(await verifyBlock(text, new TextEncoder().encode('inline'), hashing)).toBe(true)
    expect(await verifyBlock(text, new TextEncoder().encode('other'), hashing)).toBe(false)
  })
})

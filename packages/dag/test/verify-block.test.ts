import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { describe, expect, it } from 'vitest'
import { verifyBlock } from '../src/index.ts'
import { hashing, MemoryBlocks } from './memory-blocks.ts'

describe('verifyBlock', () => {
  it('takes the right bytes only, and no hash that it does not know', async () => {
    const cid = new MemoryBlocks().raw('bytes')
    const bytes = new TextEncoder().encode('bytes')
    expect(await verifyBlock(cid, bytes, hashing)).toBe(true)
    expect(await verifyBlock(cid, bytes, { sha256: async (all) => await Promise.resolve(hashing.sha256(all)) })).toBe(
      true,
    )
    expect(await verifyBlock(cid, bytes.subarray(1), hashing)).toBe(false)
    const sha1 = CID.createV1(0x55, createDigest(0x11, hashing.sha256(bytes)))
    expect(await verifyBlock(sha1, bytes, hashing)).toBe(false)
    const short = CID.createV1(0x55, createDigest(0x12, hashing.sha256(bytes).subarray(0, 1)))
    expect(await verifyBlock(short, bytes, hashing)).toBe(false)
  })
})

/** POST /blocks: a list of CIDs in, a CAR of those that are held out. */
import { walkDag } from '@holdfast/dag'
import { BATCH_BLOCKS, CID_LIST_TYPE } from '@holdfast/network'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { beforeEach, expect, it } from 'vitest'
import { MAX_BATCH_BODY_BYTES } from '../../src/gateway/limits.ts'
import { blocksOf, cidsOf, gather, holdTree, type HeldTree } from './held-content.ts'

let held: HeldTree
let cids: CID[]

beforeEach(async () => {
  held = await holdTree({ 'a.txt': 'one', 'b.txt': 'two', 'large.bin': 2 * 1024 * 1024 })
  cids = (await gather(walkDag(held.root, held.blocks))).map(({ cid }) => cid)
  held.blocks.reads = []
})

function ask(body: Uint8Array<ArrayBuffer>, type: string | null = CID_LIST_TYPE): Promise<Response> {
  const headers: Record<string, string> = type === null ? {} : { 'content-type': type }
  return Promise.resolve(held.gateway.request('/blocks', { method: 'POST', body, headers }))
}

function listOf(list: CID[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(list.flatMap((cid) => [...cid.bytes]))
}

/** A CID of nothing that is held. */
function absent(number: number): CID {
  const digest = new Uint8Array(32)
  new DataView(digest.buffer).setUint32(0, number)
  return CID.createV1(0x55, create(0x12, digest))
}

it('answers those that are held, in the order asked for, each once', async () => {
  const wanted = [...cids.toReversed(), absent(1), ...cids]
  const answer = await ask(listOf(wanted))
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('application/vnd.ipld.car; version=1; order=unk; dups=n')
  expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  const blocks = await blocksOf(answer)
  expect(blocks.map(({ cid }) => cid.toString())).toEqual(cids.toReversed().map(String))
  for (const { cid, bytes } of blocks) expect(bytes).toEqual(await held.blocks.get(cid))
})

it('answers an empty CAR when nothing is held', async () => {
  expect(await cidsOf(await ask(listOf([absent(1), absent(2)])))).toEqual([])
})

it('takes as many as the limit says, and no more', async () => {
  const many = Array.from({ length: BATCH_BLOCKS + 1 }, (_, number) => absent(number))
  expect((await ask(listOf(many.slice(1)))).status).toBe(200)
  expect((await ask(listOf(many))).status).toBe(400)
})

it.each([
  ['nothing', new Uint8Array(0)],
  ['no CID', new Uint8Array([9, 9, 9])],
  ['half a CID', new Uint8Array([1, 0x55, 0x12, 0x20, 1, 2, 3])],
])('%s is 400', async (_, bytes) => {
  const answer = await ask(bytes)
  expect(answer.status).toBe(400)
  expect(await answer.json()).toEqual({ reason: `not a list of 1 to ${BATCH_BLOCKS} CIDs` })
})

it('refuses other types and large bodies unread', async () => {
  expect((await ask(listOf(cids), null)).status).toBe(415)
  expect((await ask(listOf(cids), 'text/plain')).status).toBe(415)
  expect((await ask(new Uint8Array(MAX_BATCH_BODY_BYTES + 1))).status).toBe(413)
  expect((await held.gateway.request('/blocks')).status).toBe(405)
  expect(held.blocks.reads).toEqual([])
})

it('ends in an error when the store fails', async () => {
  const answer = await ask(listOf(cids))
  held.blocks.failure = new Error('EIO')
  await expect(blocksOf(answer)).rejects.toThrow()
  expect(held.reported).toEqual([held.blocks.failure])
})

it('reads nothing before the client takes it', async () => {
  const answer = await ask(listOf(cids))
  expect(held.blocks.reads).toEqual([])
  await answer.body?.cancel()
  expect(held.blocks.reads).toEqual([])
})

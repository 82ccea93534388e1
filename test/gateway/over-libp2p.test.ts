/** The same handler for peers: libp2p's /http/1.1, asked by the client that mirrors and readers use. */
import { ArchiveClient, CarrierSource, parseHint, PeerNode, type Carrier } from '@holdfast/network'
import { walkDag } from '@holdfast/dag'
import { Publisher } from '@holdfast/testkit'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createGateway } from '../../src/gateway/gateway.ts'
import { gatewayListener } from '../../src/gateway/node-http.ts'
import { FollowedArchives } from './followed-archives.ts'
import { gather, holdTree, type HeldTree } from './held-content.ts'

let held: HeldTree
let archives: FollowedArchives
let mirror: PeerNode
let reader: PeerNode
let carrier: Carrier

beforeEach(async () => {
  held = await holdTree({ 'a.txt': 'one', 'large.bin': 5 * 1024 * 1024 })
  archives = new FollowedArchives()
  const gateway = createGateway({ blocks: held.blocks, archives }, { report: (cause) => held.reported.push(cause) })
  mirror = await PeerNode.start({ listen: ['/ip4/127.0.0.1/tcp/0'], serve: gatewayListener(gateway) })
  reader = await PeerNode.start({})
  const hint = parseHint(mirror.multiaddrs[0] ?? '')
  if (hint.kind !== 'peer') throw new Error(hint.text)
  carrier = await reader.connect(hint.peer, [hint.address])
})

afterEach(async () => {
  await reader.stop()
  await mirror.stop()
})

it('brings a batch of blocks', async () => {
  const wanted = await gather(walkDag(held.root, held.blocks, { leaves: true }))
  const cids = wanted.map(({ cid }) => cid)
  const blocks = await gather(new CarrierSource(carrier).fetchBlocks(cids, AbortSignal.timeout(10_000)))
  expect(blocks.map(({ cid }) => cid.toString())).toEqual(cids.map(String))
  expect(blocks.every(({ bytes }, at) => Buffer.compare(bytes, wanted[at]?.bytes ?? new Uint8Array(0)) === 0)).toBe(
    true,
  )
})

it('a CAR that lacks a block ends in an error', async () => {
  const whole = await carrier.request({ path: `ipfs/${held.root.toString()}?format=car` })
  expect(whole.status).toBe(200)
  const length = (await gather(whole.body)).reduce((sum, piece) => sum + piece.length, 0)
  expect(length).toBeGreaterThan(5 * 1024 * 1024)
  const last = (await gather(walkDag(held.root, held.blocks))).at(-1)
  if (last !== undefined) held.blocks.lose(last.cid)
  const part = await carrier.request({ path: `ipfs/${held.root.toString()}?format=car` })
  await expect(gather(part.body)).rejects.toThrow()
  expect(held.reported).toMatchObject([{ code: 'missing-block' }])
})

it('knows who asks, and answers the questions about archives', async () => {
  const alice = await Publisher.create()
  await alice.release('one')
  await archives.hold(alice.state)
  const client = new ArchiveClient(carrier)
  expect((await client.announcement(alice.address)) as object).toMatchObject({ bytes: Buffer.from(alice.bytes()) })
  expect(await client.head(alice.address)).toMatchObject({ verified: 1, served: 1 })
  archives.taught = ['/ip4/127.0.0.1/tcp/1']
  expect(await client.peers(alice.address)).toEqual(archives.taught)
  expect(await client.announce(alice.address, alice.bytes())).toEqual({ taken: true, reason: 'taken' })
  expect(archives.askers).toEqual([reader.peerId])
  expect(archives.submitted).toMatchObject([{ from: reader.peerId }])
})

it('takes an upload, and says why not', async () => {
  const alice = await Publisher.create()
  await archives.hold(alice.state)
  const client = new ArchiveClient(carrier)
  let length = 0
  archives.receive = async (car) => {
    for await (const piece of car) length += piece.length
    return 1
  }
  const pieces = Array.from({ length: 40 }, () => new Uint8Array(100_000))
  await client.upload(
    alice.address,
    (async function* () {
      yield* pieces
      await Promise.resolve()
    })(),
  )
  expect(length).toBe(4_000_000)
  archives.forget(alice.address)
  await expect(
    client.upload(
      alice.address,
      (async function* () {
        yield* pieces
        await Promise.resolve()
      })(),
    ),
  ).rejects.toThrow('not followed here')
})

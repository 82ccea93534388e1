/** /archives/{a}/metadata and /targets: a TUF repository with consistent snapshots, byte for byte. */
import { Publisher, testContent, testSigners } from '@holdfast/testkit'
import { beforeEach, expect, it } from 'vitest'
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts'
import { FollowedArchives } from './followed-archives.ts'
import { HeldBlocks } from './held-content.ts'

let alice: Publisher
let archives: FollowedArchives
let blocks: HeldBlocks
let gateway: Gateway

beforeEach(async () => {
  alice = await Publisher.create()
  archives = new FollowedArchives()
  blocks = new HeldBlocks()
  gateway = createGateway({ blocks, archives })
  for (const content of ['one', 'two']) {
    await alice.release(content)
    await archives.hold(alice.state)
  }
  await alice.rotate(await testSigners(2, 1))
  await alice.release('three')
  await archives.hold(alice.state)
})

async function bytesAt(path: string): Promise<Uint8Array | number> {
  const answer = await gateway.request(`/archives/${alice.address}/${path}`)
  return answer.status === 200 ? new Uint8Array(await answer.arrayBuffer()) : answer.status
}

it('serves every root, the newest metadata, and the targets of releases that are kept', async () => {
  const { roots, timestamp, snapshot, targets } = alice.state
  expect(await bytesAt('metadata/1.root.json')).toEqual(roots[0])
  expect(await bytesAt('metadata/2.root.json')).toEqual(roots[1])
  expect(await bytesAt('metadata/timestamp.json')).toEqual(timestamp)
  const snapshotVersion = JSON.parse(new TextDecoder().decode(snapshot)).signed.version
  expect(await bytesAt(`metadata/${snapshotVersion}.snapshot.json`)).toEqual(snapshot)
  expect(await bytesAt('metadata/3.targets.json')).toEqual(targets)
  expect(await bytesAt('metadata/2.targets.json')).toEqual(await archives.pastTargets(alice.address, 2))
  expect(await bytesAt('metadata/2.targets.json')).toBeInstanceOf(Uint8Array)
})

it('says what it is, and 304 to who has it', async () => {
  const path = `/archives/${alice.address}/metadata/timestamp.json`
  const answer = await gateway.request(path)
  expect(answer.headers.get('content-type')).toBe('application/json')
  const etag = answer.headers.get('etag') as string
  expect((await gateway.request(path, { headers: { 'if-none-match': etag } })).status).toBe(304)
})

it.each([
  'metadata/3.root.json',
  'metadata/0.root.json',
  'metadata/01.root.json',
  'metadata/9.targets.json',
  'metadata/root.json',
  'metadata/1.timestamp.json',
  'metadata/1.delegated.json',
  'metadata/..%2f..%2fkeys.json',
  'metadata/1.root.json%00',
  'metadata/',
  'metadata',
  `targets/${'0'.repeat(64)}.archive`,
  'targets/archive',
  `targets/${'0'.repeat(63)}.archive`,
])('%s is 404', async (path) => {
  expect(await bytesAt(path)).toBe(404)
})

it('serves the root block of a kept release as the target', async () => {
  const { cid } = await testContent('two')
  const digest = Buffer.from(cid.multihash.digest).toString('hex')
  expect(await bytesAt(`targets/${digest}.archive`)).toBe(404)
  await blocks.put(cid, new TextEncoder().encode('two'))
  expect(await bytesAt(`targets/${digest}.archive`)).toEqual(new TextEncoder().encode('two'))
  expect(await bytesAt(`targets/${digest.toUpperCase()}.archive`)).toBe(404)
})

/** /archives: lists, announcements, heads, mirrors, and announcements handed in. */
import { MAX_ANNOUNCEMENT_BYTES, verifyAnnouncement } from '@holdfast/release'
import { Publisher } from '@holdfast/testkit'
import { beforeEach, describe, expect, it } from 'vitest'
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts'
import { MAX_PEERS_TOLD } from '../../src/gateway/limits.ts'
import { FollowedArchives } from './followed-archives.ts'
import { HeldBlocks } from './held-content.ts'

const UNKNOWN = 'baguqeeraaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
let alice: Publisher
let archives: FollowedArchives
let gateway: Gateway

beforeEach(async () => {
  alice = await Publisher.create()
  await alice.release('one')
  archives = new FollowedArchives()
  await archives.hold(alice.state)
  gateway = createGateway({ blocks: new HeldBlocks(), archives })
})

function ask(path: string, init: RequestInit = {}, peer: string | null = null): Promise<Response> {
  return Promise.resolve(gateway.request(path.replace('ADDRESS', alice.address), init, { peer }))
}

it('lists those that may be told', async () => {
  const answer = await ask('/archives')
  expect(answer.headers.get('content-type')).toBe('application/json')
  expect(await answer.json()).toEqual({ archives: [alice.address] })
})

describe('the announcement', () => {
  it('is what the verifier takes', async () => {
    const answer = await ask('/archives/ADDRESS/announcement')
    expect(answer.status).toBe(200)
    const bytes = new Uint8Array(await answer.arrayBuffer())
    expect(bytes).toEqual(alice.bytes())
    const verdict = await verifyAnnouncement({ address: alice.address, roots: [] }, bytes, alice.now)
    expect(verdict.outcome).toBe('accept')
  })

  it('has an ETag that changes with its bytes, and 304 to it', async () => {
    const etag = (await ask('/archives/ADDRESS/announcement')).headers.get('etag') as string
    for (const known of [etag, `W/${etag}`, '*', `"x", ${etag}`]) {
      const again = await ask('/archives/ADDRESS/announcement', { headers: { 'if-none-match': known } })
      expect(again.status).toBe(304)
      expect(again.body).toBeNull()
    }
    await alice.renew()
    await archives.hold(alice.state)
    const renewed = await ask('/archives/ADDRESS/announcement', { headers: { 'if-none-match': etag } })
    expect(renewed.status).toBe(200)
    expect(renewed.headers.get('etag')).not.toBe(etag)
  })

  it('is not there before the first release', async () => {
    const bob = await Publisher.create({ seed: 2 })
    await archives.hold(bob.state)
    expect((await ask(`/archives/${bob.address}/announcement`)).status).toBe(404)
  })
})

it.each(['announcement', 'head', 'peers', 'metadata/timestamp.json'])(
  '%s of an archive that is not followed is 404',
  async (what) => {
    for (const address of [UNKNOWN, 'nonsense', '__proto__', '%00', '..%2f..', alice.address.toUpperCase()]) {
      const answer = await ask(`/archives/${address}/${what}`)
      expect(answer.status).toBe(404)
      expect(await answer.text()).toBe('Not found\n')
    }
  },
)

describe('the head', () => {
  it('says what is verified and what is served', async () => {
    const { cid } = archives.find(alice.address) ?? {}
    expect(await (await ask('/archives/ADDRESS/head')).json()).toMatchObject({
      verified: 1,
      served: 1,
      cid,
      freshness: 'fresh',
    })
    await alice.release('two')
    await archives.hold(alice.state, false)
    expect(await (await ask('/archives/ADDRESS/head')).json()).toMatchObject({ verified: 2, served: 1, cid })
  })

  it('is null where there is nothing yet', async () => {
    const bob = await Publisher.create({ seed: 2 })
    await archives.hold(bob.state)
    const answer = await ask(`/archives/${bob.address}/head`)
    expect(await answer.json()).toEqual({ verified: null, served: null, cid: null, freshness: null })
  })
})

describe('peers', () => {
  it('are told with the asker known, and not too many', async () => {
    archives.taught = Array.from({ length: 100 }, (_, i) => `/ip4/127.0.0.1/tcp/${i}`)
    const answer = await ask('/archives/ADDRESS/peers', {}, '12D3KooWasker')
    expect(await answer.json()).toEqual({ peers: archives.taught.slice(0, MAX_PEERS_TOLD) })
    await gateway.request(`/archives/${alice.address}/peers`)
    expect(archives.askers).toEqual(['12D3KooWasker', null])
  })
})

function post(body: string | Uint8Array<ArrayBuffer>): Promise<Response> {
  return ask('/archives/ADDRESS/announcement', { method: 'POST', body }, '12D3KooWsender')
}

describe('an announcement handed in', () => {
  it('reaches the verifier as it came', async () => {
    const bytes = alice.bytes() as Uint8Array<ArrayBuffer>
    const answer = await post(bytes)
    expect(answer.status).toBe(202)
    expect(await answer.json()).toEqual({ outcome: 'accept', reason: 'taken' })
    expect(archives.submitted).toEqual([{ address: alice.address, bytes, from: '12D3KooWsender' }])
  })

  it.each([
    ['ignore', 'known', 200],
    ['ignore', 'older', 200],
    ['reject', 'bad-format', 400],
    ['reject', 'bad-signature', 422],
    ['reject', 'roots-missing', 409],
    ['reject', 'fork', 409],
    ['reject', 'too-large', 413],
  ] as const)('%s %s is %i with the reason', async (outcome, code, status) => {
    archives.verdict = { outcome, code, reason: 'because\nof <that>' }
    const answer = await post('x')
    expect(answer.status).toBe(status)
    expect(await answer.json()).toEqual({ outcome, code, reason: 'because of <that>' })
  })

  it('is refused unread when it says that it is too large', async () => {
    const body = new ReadableStream({ pull: () => Promise.reject(new Error('read')) }, { highWaterMark: 0 })
    const init = {
      method: 'POST',
      body,
      duplex: 'half',
      headers: { 'content-length': String(MAX_ANNOUNCEMENT_BYTES + 1) },
    }
    const answer = await ask('/archives/ADDRESS/announcement', init as RequestInit)
    expect(answer.status).toBe(413)
    expect(archives.submitted).toEqual([])
  })

  it('is read no further than it may be large', async () => {
    let pulls = 0
    const pull = (controller: ReadableStreamDefaultController): void => {
      pulls++
      controller.enqueue(new Uint8Array(100 * 1024))
    }
    const body = new ReadableStream({ pull }, { highWaterMark: 0 })
    const answer = await ask('/archives/ADDRESS/announcement', { method: 'POST', body, duplex: 'half' })
    expect(answer.status).toBe(413)
    expect(pulls).toBe(3)
    expect(archives.submitted).toEqual([])
  })

  it('of an archive that is not followed is refused unread', async () => {
    const answer = await ask(`/archives/${UNKNOWN}/announcement`, { method: 'POST', body: 'x' })
    expect(answer.status).toBe(404)
    expect(archives.submitted).toEqual([])
  })

  it('whose sender goes away changes nothing', async () => {
    const client = new AbortController()
    const body = new ReadableStream({ pull: () => client.abort() }, { highWaterMark: 0 })
    await ask('/archives/ADDRESS/announcement', {
      method: 'POST',
      body,
      duplex: 'half',
      signal: client.signal,
    })
    expect(archives.submitted).toEqual([])
  })
})

it.each([
  ['/archives', 'POST'],
  ['/archives/ADDRESS/head', 'POST'],
  ['/archives/ADDRESS/announcement', 'DELETE'],
  ['/archives/ADDRESS/blocks', 'GET'],
  ['/archives/ADDRESS/metadata/timestamp.json', 'PUT'],
])('%s by %s is 405', async (path, method) => {
  const answer = await ask(path, { method })
  expect(answer.status).toBe(405)
  expect(answer.headers.get('allow')).toMatch(/GET|POST/)
  expect(answer.headers.get('access-control-allow-origin')).toBeNull()
})

describe('parts of a release that is being fetched', () => {
  const MANIFEST = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

  it('are told as bits, as all, or not at all', async () => {
    const path = `/archives/ADDRESS/parts?manifest=${MANIFEST}`
    expect((await ask(path)).status).toBe(404)
    archives.fetching.set(MANIFEST, new Uint8Array([5, 0]))
    const some = await ask(path)
    expect([some.status, some.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(new Uint8Array(await some.arrayBuffer())).toEqual(new Uint8Array([5, 0]))
    archives.fetching.set(MANIFEST, 'all')
    expect((await ask(path)).status).toBe(204)
  })

  it('are told of archives that are followed, and by GET alone', async () => {
    expect((await ask(`/archives/${UNKNOWN}/parts?manifest=${MANIFEST}`)).status).toBe(404)
    expect((await ask('/archives/ADDRESS/parts')).status).toBe(404)
    expect((await ask('/archives/ADDRESS/parts', { method: 'POST' })).status).toBe(405)
  })
})

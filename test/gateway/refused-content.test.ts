/** Requests to /ipfs that are refused: the status, one plain sentence, and headers that let a page read it. */
import { resolvePath } from '@holdfast/dag'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { beforeAll, describe, expect, it } from 'vitest'
import { holdTree, type HeldTree } from './held-content.ts'

const ABSENT = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
let held: HeldTree
let root: string

beforeAll(async () => {
  held = await holdTree({ 'docs/a.txt': 'one', 'large.bin': 2 * 1024 * 1024 })
  root = held.root.toString()
})

async function statusOf(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<number> {
  const answer = await held.gateway.request(path.replace('ROOT', root), { headers, method })
  const sentence = await answer.text()
  expect(sentence.length).toBeLessThan(200)
  expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
  if (answer.status !== 405) expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  return answer.status
}

/** A CID that holds zeros itself. */
function inlineCid(length: number, codec = 0x55): string {
  return CID.createV1(codec, identity.digest(new Uint8Array(length))).toString()
}

describe('400', () => {
  it.each([
    '/ipfs/nonsense?format=raw',
    '/ipfs/bafybeihash?format=raw',
    '/ipfs/ROOTx?format=raw',
    '/ipfs/%00?format=raw',
    '/ipfs/ROOT/docs?format=raw',
    '/ipfs/ROOT?format=zip',
    '/ipfs/ROOT/%ff?format=car',
    `/ipfs/ROOT/${'a/'.repeat(200)}?format=car`,
    '/ipfs/ROOT?format=car&dag-scope=some',
    '/ipfs/ROOT?format=car&dag-scope=',
    '/ipfs/ROOT?format=car&car-version=2',
    '/ipfs/ROOT?format=car&car-order=bfs',
    '/ipfs/ROOT?format=car&car-dups=maybe',
    '/ipfs/ROOT?format=car&entity-bytes=',
    '/ipfs/ROOT?format=car&entity-bytes=5',
    '/ipfs/ROOT?format=car&entity-bytes=9:5',
    '/ipfs/ROOT?format=car&entity-bytes=-5:-9',
    '/ipfs/ROOT?format=car&entity-bytes=*:5',
    '/ipfs/ROOT?format=car&entity-bytes=1e3:5',
    '/ipfs/ROOT/large.bin?format=car&entity-bytes=2097152:*',
    '/ipfs/ROOT/large.bin?format=car&entity-bytes=-9999999:-8888888',
    '/ipfs/ROOT',
    `/ipfs/z${'1'.repeat(2000)}?format=raw`,
  ])('%s', async (path) => {
    expect(await statusOf(path)).toBe(400)
  })

  it('an identity CID that holds more than any honest one', async () => {
    expect(await statusOf(`/ipfs/${inlineCid(129)}?format=raw`)).toBe(400)
    expect((await held.gateway.request(`/ipfs/${inlineCid(128)}?format=raw`)).status).toBe(200)
  })

  it('a service worker', async () => {
    expect(await statusOf('/ipfs/ROOT?format=raw', { 'service-worker': 'script' })).toBe(400)
  })

  it('a walk through a codec whose links we do not know', async () => {
    const cid = inlineCid(3, 0x78)
    expect(await statusOf(`/ipfs/${cid}?format=car`)).toBe(400)
    expect((await held.gateway.request(`/ipfs/${cid}?format=car&dag-scope=entity`)).status).toBe(200)
  })
})

it.each([
  `/ipfs/${ABSENT}?format=raw`,
  `/ipfs/${ABSENT}?format=car`,
  '/ipfs/QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn?format=raw',
  '/ipfs/ROOT/nothing?format=car',
  '/ipfs/ROOT/docs/a.txt/below?format=car',
  '/ipfs/ROOT/docs%00?format=car',
  '/ipfs/ROOT/..%2Fdocs?format=car',
  '/ipfs/ROOT/docs/%2E%2E%2Fdocs?format=car',
])('404 %s', async (path) => {
  expect(await statusOf(path)).toBe(404)
  expect(await statusOf(path, {}, 'HEAD')).toBe(404)
})

it('404 when a block on the path is not held', async () => {
  const other = await holdTree({ 'docs/a.txt': 'one' })
  const docs = await resolvePath(other.root, 'docs', other.blocks)
  if (docs === null) throw new Error('docs')
  other.blocks.lose(docs.cid)
  expect((await other.gateway.request(`/ipfs/${other.root.toString()}/docs/a.txt?format=car`)).status).toBe(404)
})

it.each([
  ['?format=tar', {}],
  ['?format=dag-json', {}],
  ['', { accept: 'text/html' }],
  ['', { accept: '*/*' }],
  ['', { accept: 'application/vnd.ipld.raw;q=0' }],
  ['', { accept: 'application/vnd.ipld.car; version=2' }],
  ['', { accept: 'application/vnd.ipld.car; order=bfs' }],
  ['', { accept: 'application/vnd.ipld.dag-cbor' }],
])('406 %s %o', async (query, headers) => {
  expect(await statusOf(`/ipfs/ROOT${query}`, headers)).toBe(406)
})

it('412 for what is not held, when only that was asked', async () => {
  const headers = { 'cache-control': 'max-age=0, only-if-cached' }
  expect(await statusOf(`/ipfs/${ABSENT}?format=raw`, headers)).toBe(412)
  expect((await held.gateway.request(`/ipfs/${root}?format=raw`, { headers })).status).toBe(200)
})

it('414 for an address without end', async () => {
  expect(await statusOf(`/ipfs/ROOT?format=raw&filename=${'a'.repeat(9000)}`)).toBe(414)
})

it('501 for a path that ends inside a block', async () => {
  // DAG-CBOR: { a: [1, { b: a link to the root }] }
  const bytes = Buffer.concat([Buffer.from('a161618201a16162d82a582500', 'hex'), held.root.bytes])
  const cid = CID.createV1(0x71, identity.digest(bytes)).toString()
  expect(await statusOf(`/ipfs/${cid}/a/0?format=car`)).toBe(501)
  expect(await statusOf(`/ipfs/${cid}/a/2?format=car`)).toBe(404)
  expect(await statusOf(`/ipfs/${cid}/__proto__?format=car`)).toBe(404)
  const through = await held.gateway.request(`/ipfs/${cid}/a/1/b/docs?format=car`)
  expect(through.status).toBe(200)
})

describe('methods and paths', () => {
  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('%s is 405', async (method) => {
    const answer = await held.gateway.request(`/ipfs/${root}`, { method })
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
  })

  it('OPTIONS says what a page may do', async () => {
    const answer = await held.gateway.request(`/ipfs/${root}`, { method: 'OPTIONS' })
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-methods')).toBe('GET, HEAD, OPTIONS')
  })

  it.each([
    '/ipfs',
    '/ipfs/',
    '/%69pfs/bafkqaaa?format=raw',
    '/ipns/example.org',
    '/nothing',
    '/index.html',
    '/a/../b',
    '/healthz',
  ])('%s is the plain 404', async (path) => {
    const answer = await held.gateway.request(path)
    expect(answer.status).toBe(404)
    expect(await answer.text()).toBe('Not found\n')
    expect([...answer.headers.keys()]).toEqual(['content-length', 'content-type', 'x-content-type-options'])
  })
})

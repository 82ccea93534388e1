/** Whatever is asked, by path, query, header or body: an answer below 500 (501 apart), and nothing of this machine in it. */
import { resolvePath } from '@holdfast/dag'
import { CID_LIST_TYPE } from '@holdfast/network'
import { Publisher } from '@holdfast/testkit'
import * as fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts'
import { FollowedArchives } from './followed-archives.ts'
import { holdTree } from './held-content.ts'

const RUNS = { numRuns: 400 }
let gateway: Gateway
let reported: unknown[]
/** Parts that get a request past the first checks. */
let words: string[]

beforeAll(async () => {
  const alice = await Publisher.create()
  await alice.release('one')
  const archives = new FollowedArchives()
  await archives.hold(alice.state)
  const { blocks, root } = await holdTree({ 'docs/a.txt': 'one', '名.txt': 'two' })
  const leaf = await resolvePath(root, 'docs/a.txt', blocks)
  reported = []
  gateway = createGateway({ blocks, archives }, { report: (cause) => reported.push(cause) })
  words = [
    'ipfs',
    'archives',
    'blocks',
    'metadata',
    'targets',
    'announcement',
    'head',
    'peers',
    'docs',
    'a.txt',
    '名.txt',
    root.toString(),
    String(leaf?.cid),
    'bafkqaaa',
    alice.address,
    'timestamp.json',
    '1.root.json',
    '..',
    '.',
    '%2e%2e',
    '%00',
  ]
})

/** A string that is often one of the given ones, and sometimes a mutilated one. */
function mostly(known: () => string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.nat().map((n) => known()[n % known().length] ?? '') },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.nat(), fc.nat(60), fc.string())
        .map(([n, at, text]) => (known()[n % known().length] ?? '').slice(0, at) + text),
    },
  )
}

const path = fc
  .array(
    mostly(() => words),
    { maxLength: 6 },
  )
  .map((parts) => `/${parts.join('/')}`)
const query = fc.dictionary(
  mostly(() => [
    'format',
    'dag-scope',
    'entity-bytes',
    'car-order',
    'car-dups',
    'car-version',
    'filename',
    'wait',
    'after',
    'served',
  ]),
  mostly(() => [
    'raw',
    'car',
    'block',
    'entity',
    'all',
    '0:*',
    '-1:5',
    '5:-1',
    'dfs',
    'unk',
    'y',
    'n',
    '1',
    '0',
    '99999999999999999',
  ]),
  { maxKeys: 4 },
)
const headers = fc.dictionary(
  fc.constantFrom(
    'accept',
    'range',
    'if-range',
    'if-none-match',
    'cache-control',
    'content-type',
    'origin',
    'service-worker',
  ),
  fc.oneof(
    mostly(() => [
      'application/vnd.ipld.car;order=dfs',
      'application/vnd.ipld.raw',
      '*/*;q=0',
      'bytes=0-1',
      'bytes=-1',
      'bytes=9-',
      '*',
      '"x"',
      CID_LIST_TYPE,
    ]),
    fc.stringMatching(/^[\u0020-\u007E\u0080-\u00FF]{0,200}$/),
  ),
  { maxKeys: 3 },
)
const method = fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'DELETE', 'PROPFIND')

function requestOf(
  target: string,
  asked: Record<string, string>,
  how: string,
  sent: Record<string, string>,
  body: Uint8Array,
): Request | null {
  const search = new URLSearchParams(asked).toString()
  try {
    const init: RequestInit = { method: how, headers: sent }
    if (how !== 'GET' && how !== 'HEAD' && how !== 'OPTIONS') init.body = body as Uint8Array<ArrayBuffer>
    return new Request(`http://localhost${target}${search === '' ? '' : `?${search}`}`, init)
  } catch {
    // No carrier could bring it: not a URL, or not a header.
    return null
  }
}

it('any request is answered, and no answer blames us', async () => {
  const property = fc.asyncProperty(
    path,
    query,
    method,
    headers,
    fc.uint8Array({ maxLength: 100 }),
    async (target, asked, how, sent, body) => {
      // Nobody waits in this test.
      delete asked['wait']
      const request = requestOf(target, asked, how, sent, body)
      if (request === null) return
      const answer = await gateway.fetch(request)
      expect(answer.status < 500 || answer.status === 501, `${answer.status}`).toBe(true)
      const told = JSON.stringify([...answer.headers]) + Buffer.from(await answer.arrayBuffer()).toString('latin1')
      expect(told).not.toMatch(/node_modules|\.ts\b|\bat .*:\d+|holdfast|hono|node\.js/i)
      expect(reported).toEqual([])
    },
  )
  await fc.assert(property, RUNS)
})

it('raw paths are answered too, as a carrier passes them on that does not tidy them', async () => {
  const property = fc.asyncProperty(fc.string({ unit: 'binary' }), query, async (text, asked) => {
    const search = new URLSearchParams(asked).toString()
    const [root = ''] = words.filter((word) => word.startsWith('bafy'))
    for (const url of [`http://localhost/ipfs/${text}?${search}`, `http://localhost/ipfs/${root}/${text}?${search}`]) {
      // What @hono/node-server hands on: a URL that nobody parsed.
      const request = new Request('http://localhost/ipfs/x')
      Object.defineProperty(request, 'url', { value: url })
      const answer = await gateway.fetch(request)
      expect(answer.status < 500 || answer.status === 501, `${answer.status}`).toBe(true)
      await answer.body?.cancel()
      expect(reported).toEqual([])
    }
  })
  await fc.assert(property, RUNS)
})

/** GET /ipfs/{cid}[/path]?format=car (trustless-gateway, "CAR Responses"; IPIP-402, IPIP-412). */
import { DagError, resolvePath, walkDag } from '@holdfast/dag'
import { CID } from 'multiformats/cid'
import { beforeEach, describe, expect, it } from 'vitest'
import { blocksOf, cidsOf, gather, holdTree, type HeldTree } from './held-content.ts'

const CHUNK = 1024 * 1024
let held: HeldTree

beforeEach(async () => {
  held = await holdTree({
    'docs/a.txt': 'one',
    'docs/b.txt': 'two',
    'docs/copy of a.txt': 'one',
    'large.bin': 3 * CHUNK + 8,
  })
})

function get(path: string, headers: Record<string, string> = {}, init: RequestInit = {}): Promise<Response> {
  return Promise.resolve(held.gateway.request(`/ipfs/${held.root.toString()}${path}`, { headers, ...init }))
}

async function at(path: string): Promise<CID> {
  const node = await resolvePath(held.root, path, held.blocks)
  if (node === null) throw new Error(path)
  return node.cid
}

async function namesAt(...paths: string[]): Promise<string[]> {
  return (await Promise.all(paths.map(at))).map(String)
}

async function leavesOf(path: string): Promise<string[]> {
  const [, ...leaves] = await gather(walkDag(await at(path), held.blocks))
  return leaves.map(({ cid }) => cid.toString())
}

describe('what is inside', () => {
  it('everything, depth first, each block once', async () => {
    const answer = await get('?format=car')
    expect(answer.headers.get('content-type')).toBe('application/vnd.ipld.car; version=1; order=dfs; dups=n')
    const cids = await cidsOf(answer)
    expect(cids).toEqual([
      ...(await namesAt('', 'docs', 'docs/a.txt', 'docs/b.txt', 'large.bin')),
      ...(await leavesOf('large.bin')),
    ])
  })

  it('with dups=y each block as often as the walk meets it', async () => {
    const answer = await get('/docs?format=car&car-dups=y')
    expect(answer.headers.get('content-type')).toContain('dups=y')
    expect(await cidsOf(answer)).toEqual(await namesAt('', 'docs', 'docs/a.txt', 'docs/b.txt', 'docs/copy of a.txt'))
  })

  it('with dups=y a file too whose parts are equal', async () => {
    held = await holdTree({ zeros: '\0'.repeat(2 * CHUNK) })
    const leaf = (await leavesOf('zeros'))[0]
    for (const query of ['dag-scope=all', 'dag-scope=entity', 'entity-bytes=0:*']) {
      const cids = await cidsOf(await get(`/zeros?format=car&car-dups=y&${query}`))
      expect(cids, query).toEqual([...(await namesAt('', 'zeros')), leaf, leaf])
      expect(await cidsOf(await get(`/zeros?format=car&${query}`)), query).toHaveLength(3)
    }
  })

  it.each([
    ['/docs', 'block', ['', 'docs']],
    ['/docs', 'entity', ['', 'docs']],
    ['/docs/a.txt', 'entity', ['', 'docs', 'docs/a.txt']],
    ['/docs//copy%20of%20a.txt/', 'all', ['', 'docs', 'docs/copy of a.txt']],
    ['/docs%2Fb.txt', 'all', ['', 'docs', 'docs/b.txt']],
    ['/large.bin', 'block', ['', 'large.bin']],
  ])('%s with dag-scope=%s', async (path, scope, expected) => {
    expect(await cidsOf(await get(`${path}?format=car&dag-scope=${scope}`))).toEqual(await namesAt(...expected))
  })

  it.each([
    ['0:0', 0, 1],
    ['0:1048575', 0, 1],
    ['0:1048576', 0, 2],
    ['1048576:*', 1, 4],
    ['-8:*', 3, 4],
    ['-9999999999:*', 0, 4],
    ['0:-9', 0, 3],
    ['-9:-9', 2, 3],
    ['2000000:99999999', 1, 4],
    ['0:*', 0, 4],
  ])('entity-bytes=%s: parts %i to %i', async (range, from, to) => {
    const cids = await cidsOf(await get(`/large.bin?format=car&entity-bytes=${range}`))
    expect(cids).toEqual([...(await namesAt('', 'large.bin')), ...(await leavesOf('large.bin')).slice(from, to)])
  })

  it('a range that turns out empty is the root block alone', async () => {
    expect(await cidsOf(await get('/large.bin?format=car&entity-bytes=3145730:-100'))).toEqual(
      await namesAt('', 'large.bin'),
    )
  })

  it('entity-bytes of a folder is the folder', async () => {
    expect(await cidsOf(await get('/docs?format=car&entity-bytes=5:6'))).toEqual(await namesAt('', 'docs'))
  })

  it('of an identity CID no block, and its CID as root', async () => {
    const answer = await held.gateway.request('/ipfs/bafkqaaa?format=car')
    expect(answer.status).toBe(200)
    expect(await cidsOf(answer.clone())).toEqual([])
    const header = Buffer.from(await answer.arrayBuffer()).toString('latin1')
    expect(header).toContain(Buffer.from([0xd8, 0x2a, 0x45, 0, 1, 0x55, 0, 0]).toString('latin1'))
  })
})

describe('headers', () => {
  it('as the specifications demand', async () => {
    const answer = await get('/docs/copy%20of%20a.txt?format=car')
    const [root, docs, file] = await namesAt('', 'docs', 'docs/copy of a.txt')
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-disposition': `attachment; filename="${root}.car"`,
      'x-content-type-options': 'nosniff',
      'x-ipfs-path': `/ipfs/${root}/docs/copy%20of%20a.txt`,
      'x-ipfs-roots': `${root},${docs},${file}`,
      'cache-control': 'public, max-age=29030400, immutable',
      'accept-ranges': 'none',
      'access-control-allow-origin': '*',
    })
    expect(answer.headers.get('content-length')).toBeNull()
  })

  it('an ETag for each way to ask, and 304 to it', async () => {
    const queries = [
      '',
      '&dag-scope=block',
      '&dag-scope=entity',
      '&entity-bytes=0:5',
      '&entity-bytes=0:6',
      '&car-dups=y',
    ]
    const etags = await Promise.all(
      queries.map(async (query) => (await get(`/large.bin?format=car${query}`)).headers.get('etag')),
    )
    expect(new Set(etags).size).toBe(queries.length)
    for (const etag of etags) expect(etag).toMatch(/^W\/".+"$/)
    const again = await get('/large.bin?format=car', { 'if-none-match': etags[0] as string })
    expect(again.status).toBe(304)
    expect(again.body).toBeNull()
  })

  it('to HEAD, reading no more than the path', async () => {
    held.blocks.reads = []
    const answer = await get('/docs?format=car', {}, { method: 'HEAD' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain('application/vnd.ipld.car')
    expect(answer.body).toBeNull()
    expect(new Set(held.blocks.reads)).toEqual(new Set(await namesAt('', 'docs')))
  })

  it.each([
    ['application/vnd.ipld.car', 'dups=n', '?format=car&car-order=dfs&car-dups=n'],
    ['application/vnd.ipld.car; version=1; order=dfs; dups=y', 'dups=y', '?format=car&car-order=dfs&car-dups=y'],
    ['application/vnd.ipld.car;order="unk"', 'order=dfs', '?format=car&car-order=dfs&car-dups=n'],
    [
      'application/vnd.ipld.car;order=foo, application/vnd.ipld.car;dups=y;q=0.5',
      'dups=y',
      '?format=car&car-order=dfs&car-dups=y',
    ],
    ['text/html, APPLICATION/VND.IPLD.CAR;q=0.1, */*', 'dups=n', '?format=car&car-order=dfs&car-dups=n'],
  ])('Accept: %s', async (accept, parameter, location) => {
    const answer = await get('/docs', { accept })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain(parameter)
    expect(answer.headers.get('content-location')).toBe(location)
    expect(answer.headers.get('vary')).toBe('Accept')
  })
})

describe('an answer that cannot be completed', () => {
  it('ends in an error after what came before the missing block', async () => {
    held.blocks.lose(await at('docs/b.txt'))
    const answer = await get('?format=car')
    expect(answer.status).toBe(200)
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
    const first = await reader.read()
    expect(first.value?.length).toBeGreaterThan(100)
    await expect(reader.read()).rejects.toThrow('the answer could not be completed')
    expect(held.reported).toMatchObject([{ code: 'missing-block' }])
    expect(held.reported[0]).toBeInstanceOf(DagError)
  })

  it('tells nothing of a failing store, before or during the answer', async () => {
    const answer = await get('?format=car')
    held.blocks.failure = new Error('EIO: /home/alice/store/pack-7')
    const failure: unknown = await blocksOf(answer).catch((error: unknown) => error)
    expect(String(failure)).not.toContain('alice')
    const refused = await get('?format=car')
    expect(refused.status).toBe(500)
    expect(await refused.text()).toBe('Something went wrong\n')
    expect(held.reported).toEqual([held.blocks.failure, held.blocks.failure])
  })

  it('a byte range that does not need the missing block is complete', async () => {
    const [first, second] = await leavesOf('large.bin')
    held.blocks.lose(CID.parse(second as string))
    const cids = await cidsOf(await get('/large.bin?format=car&entity-bytes=0:5'))
    expect(cids.at(-1)).toBe(first)
  })
})

describe('only as fast as the client takes it', () => {
  it('nothing is read before, and little ahead', async () => {
    const answer = await get('/large.bin?format=car')
    const [root, file] = await namesAt('', 'large.bin')
    held.blocks.reads = []
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
    expect(held.blocks.reads).toEqual([])
    await reader.read()
    const leaves = await leavesOf('large.bin')
    held.blocks.reads = held.blocks.reads.filter((cid) => cid !== root && cid !== file)
    expect(held.blocks.reads).toEqual(leaves.slice(0, 1))
    await reader.cancel()
    expect(held.blocks.reads).toHaveLength(1)
  })

  it('nothing more once the client is gone', async () => {
    const client = new AbortController()
    const answer = await get('/large.bin?format=car', {}, { signal: client.signal })
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    held.blocks.reads = []
    client.abort()
    await expect(reader.read()).rejects.toThrow('gone')
    expect(held.blocks.reads).toEqual([])
    expect(held.reported).toEqual([])
  })
})

/** GET /ipfs/{cid}?format=raw (trustless-gateway, "Block Responses"). */
import { resolvePath } from '@holdfast/dag'
import { base16 } from 'multiformats/bases/base16'
import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'
import { beforeAll, describe, expect, it } from 'vitest'
import { holdTree, type HeldTree } from './held-content.ts'

const CONTENT = 'The first letter and the last.'
let held: HeldTree
let leaf: string

beforeAll(async () => {
  held = await holdTree({ 'a.txt': CONTENT })
  leaf = String((await resolvePath(held.root, 'a.txt', held.blocks))?.cid)
})

function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
  return Promise.resolve(held.gateway.request(path, { headers, method }))
}

describe('a block', () => {
  it.each([
    ['by query', '?format=raw', {}],
    ['by header', '', { accept: 'application/vnd.ipld.raw' }],
    ['by the better header', '', { accept: 'application/vnd.ipld.car;q=0.5, application/vnd.ipld.raw' }],
    ['by query against the header', '?format=raw', { accept: 'application/vnd.ipld.car' }],
  ])('%s', async (_, query, headers) => {
    const answer = await get(`/ipfs/${leaf}${query}`, headers)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe(CONTENT)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/vnd.ipld.raw',
      'content-length': String(CONTENT.length),
      'content-disposition': `attachment; filename="${leaf}.bin"`,
      'x-content-type-options': 'nosniff',
      'x-ipfs-path': `/ipfs/${leaf}`,
      'x-ipfs-roots': leaf,
      'cache-control': 'public, max-age=29030400, immutable',
      'access-control-allow-origin': '*',
      'accept-ranges': 'bytes',
      etag: `"${leaf}.raw"`,
    })
  })

  it('says where it stands by itself when the header chose it, for caches', async () => {
    const chosen = await get(`/ipfs/${leaf}?filename=x`, { accept: 'application/vnd.ipld.raw' })
    expect(chosen.headers.get('content-location')).toBe('?filename=x&format=raw')
    expect(chosen.headers.get('vary')).toBe('Accept')
    const named = await get(`/ipfs/${leaf}?format=raw`)
    expect(named.headers.get('content-location')).toBeNull()
    expect(named.headers.get('vary')).toBeNull()
  })

  it('in every spelling of its CID', async () => {
    const cid = CID.parse(leaf)
    for (const spelling of [cid.toString(base16), cid.toString(base36), leaf.toUpperCase()]) {
      expect((await get(`/ipfs/${spelling}?format=raw`)).status, spelling).toBe(200)
    }
  })

  it('to HEAD without a body, unread', async () => {
    held.blocks.reads = []
    const answer = await get(`/ipfs/${leaf}?format=raw`, { range: 'bytes=1-2' }, 'HEAD')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-length')).toBe(String(CONTENT.length))
    expect(await answer.text()).toBe('')
    expect(held.blocks.reads).toEqual([])
  })

  it('under another name', async () => {
    const answer = await get(`/ipfs/${leaf}?format=raw&filename=${encodeURIComponent('名"\r\n.bin')}`)
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="____.bin"; filename*=UTF-8''%E5%90%8D%22%0D%0A.bin`,
    )
  })
})

describe('identity CIDs', () => {
  it.each([
    ['bafkqaaa', ''],
    ['bafkqabtimvwgy3yk', 'hello\n'],
  ])('%s is answered from itself', async (cid, content) => {
    const answer = await get(`/ipfs/${cid}?format=raw`)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe(content)
    expect((await get(`/ipfs/${cid}?format=raw`, {}, 'HEAD')).headers.get('content-length')).toBe(
      String(content.length),
    )
  })
})

describe('conditions', () => {
  it.each(['*', 'ETAG', 'W/ETAG', '"other", ETAG', ' "other" ,W/ETAG '])(
    'If-None-Match: %s is 304',
    async (template) => {
      const etag = `"${leaf}.raw"`
      const answer = await get(`/ipfs/${leaf}?format=raw`, { 'if-none-match': template.replace('ETAG', etag) })
      expect(answer.status).toBe(304)
      expect(await answer.text()).toBe('')
      expect(answer.headers.get('etag')).toBe(etag)
    },
  )

  it('another validator is 200', async () => {
    const answer = await get(`/ipfs/${leaf}?format=raw`, { 'if-none-match': `"${leaf}.car", ${leaf}` })
    expect(answer.status).toBe(200)
  })

  it('304 comes only for what is held', async () => {
    const absent = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
    expect((await get(`/ipfs/${absent}?format=raw`, { 'if-none-match': '*' })).status).toBe(404)
  })
})

describe('ranges', () => {
  it.each([
    ['bytes=4-8', CONTENT.slice(4, 9), `bytes 4-8/${CONTENT.length}`],
    ['bytes=4-', CONTENT.slice(4), `bytes 4-${CONTENT.length - 1}/${CONTENT.length}`],
    ['bytes=-5', CONTENT.slice(-5), `bytes ${CONTENT.length - 5}-${CONTENT.length - 1}/${CONTENT.length}`],
    ['bytes=4-9999', CONTENT.slice(4), `bytes 4-${CONTENT.length - 1}/${CONTENT.length}`],
    ['bytes=-9999', CONTENT, `bytes 0-${CONTENT.length - 1}/${CONTENT.length}`],
  ])('%s is 206', async (range, content, where) => {
    const answer = await get(`/ipfs/${leaf}?format=raw`, { range })
    expect(answer.status).toBe(206)
    expect(await answer.text()).toBe(content)
    expect(answer.headers.get('content-range')).toBe(where)
    expect(answer.headers.get('content-length')).toBe(String(content.length))
  })

  it.each([`bytes=${CONTENT.length}-`, 'bytes=999-1000', 'bytes=-0'])('%s is 416', async (range) => {
    const answer = await get(`/ipfs/${leaf}?format=raw`, { range })
    expect(answer.status).toBe(416)
    expect(answer.headers.get('content-range')).toBe(`bytes */${CONTENT.length}`)
  })

  it.each(['bytes=5-4', 'bytes=-', 'bytes=a-b', 'lines=1-2', 'bytes=1-2,4-5', 'bytes=1', ''])(
    '%s is the whole, as RFC 9110 allows',
    async (range) => {
      const answer = await get(`/ipfs/${leaf}?format=raw`, { range })
      expect(answer.status).toBe(200)
      expect(await answer.text()).toBe(CONTENT)
    },
  )

  it('If-Range with another validator is the whole', async () => {
    const headers = { range: 'bytes=1-2', 'if-range': '"other"' }
    expect((await get(`/ipfs/${leaf}?format=raw`, headers)).status).toBe(200)
    expect((await get(`/ipfs/${leaf}?format=raw`, { ...headers, 'if-range': `"${leaf}.raw"` })).status).toBe(206)
  })
})

/** The questions about an archive, each bounded in time and size whatever is answered. */
import type { RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
import { ArchiveClient } from '../src/index.ts'
import { MAX_ANNOUNCEMENT_BYTES, MAX_JSON_BYTES, TAUGHT_ADDRESSES } from '../src/limits.ts'
import { CARRIERS, startServer, urlCarrier } from './live-peers.ts'

async function clientOf(listener: RequestListener): Promise<ArchiveClient> {
  return new ArchiveClient(urlCarrier((await startServer(listener)).url))
}

/** A client of a mirror that answers the same to everything. */
async function answering(status: number, body: string | Uint8Array = '', headers = {}): Promise<ArchiveClient> {
  return await clientOf((_request, response) => response.writeHead(status, headers).end(body))
}

describe('the announcement', () => {
  it('is given with its tag, or not again', async () => {
    const client = await clientOf((request, response) => {
      expect(request.url).toBe('/archives/a1/announcement')
      if (request.headers['if-none-match'] === '"tag"') response.writeHead(304).end()
      else response.writeHead(200, { etag: '"tag"' }).end('bytes')
    })
    expect(await client.announcement('a1')).toEqual({ bytes: Buffer.from('bytes'), etag: '"tag"' })
    expect(await client.announcement('a1', '"other"')).toMatchObject({ etag: '"tag"' })
    expect(await client.announcement('a1', '"tag"')).toBe('same')
  })

  it('may be unknown, too long or refused', async () => {
    expect(await (await answering(404)).announcement('a1')).toBeNull()
    const long = await answering(200, new Uint8Array(MAX_ANNOUNCEMENT_BYTES + 1))
    await expect(long.announcement('a1')).rejects.toMatchObject({ code: 'too-large' })
    const moved = await answering(302, '', { location: 'http://127.0.0.1:1/' })
    await expect(moved.announcement('a1')).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('302'),
    })
  })

  it('is handed over, with the reason where it is not taken', async () => {
    const got: string[] = []
    const client = await clientOf((request, response) => {
      request.on('data', (chunk: Buffer) => got.push(`${request.method} ${request.url} ${String(chunk)}`))
      request.on('end', () => response.writeHead(202).end('{"outcome":"accept","reason":"new"}'))
    })
    expect(await client.announce('a1', Buffer.from('bytes'))).toEqual({ taken: true, reason: 'new' })
    expect(got).toEqual(['POST /archives/a1/announcement bytes'])
    expect(await (await answering(400, '{"reason":"a\\nb\\u001b[31m"}')).announce('a1', Buffer.of(1))).toEqual({
      taken: false,
      reason: 'a b [31m',
    })
    const page = await answering(403, `<html>${'x'.repeat(5000)}`)
    expect((await page.announce('a1', Buffer.of(1))).reason).toHaveLength(300)
  })
})

describe('the head', () => {
  it.each([
    ['{"verified":3,"served":2,"cid":"bafy"}', { verified: 3, served: 2, cid: 'bafy' }],
    ['{"verified":null,"served":null,"cid":null}', { verified: null, served: null, cid: null }],
    ['{"verified":"3","served":1e400,"cid":7}', { verified: null, served: null, cid: null }],
    ['[]', { verified: null, served: null, cid: null }],
    ['null', { verified: null, served: null, cid: null }],
  ])('%s is read as far as it makes sense', async (body, head) => {
    expect(await (await answering(200, body)).head('a1')).toEqual(head)
  })

  it('is nobody knows, or no JSON', async () => {
    expect(await (await answering(404)).head('a1')).toBeNull()
    for (const body of ['', '<html>', '{"verified":', Buffer.of(0xff, 0xfe)])
      await expect((await answering(200, body)).head('a1')).rejects.toMatchObject({ code: 'lied' })
    const long = await answering(200, ' '.repeat(MAX_JSON_BYTES + 1))
    await expect(long.head('a1')).rejects.toMatchObject({ code: 'too-large' })
  })

  it.each(CARRIERS)('is waited for over %s', async (_name, carry) => {
    const asked: (string | undefined)[] = []
    const { promise: served, resolve: serve } = Promise.withResolvers<void>()
    const client = new ArchiveClient(
      await carry((request, response) => {
        asked.push(request.url)
        void served.then(() => response.end('{"verified":4,"served":4,"cid":null}'))
      }),
    )
    const waiting = client.head('a1', { wait: 30, served: 4 })
    serve()
    expect(await waiting).toMatchObject({ served: 4 })
    await client.head('a1', { served: 4 })
    await client.head('a1', { wait: 5 })
    expect(asked).toEqual(['/archives/a1/head?wait=30&served=4', '/archives/a1/head', '/archives/a1/head?wait=5'])
  })

  it('is waited for no longer than asked and some more, and ends with the signal', async () => {
    const client = await clientOf(() => {})
    const controller = new AbortController()
    const waiting = client.head('a1', { wait: 30 }, controller.signal)
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
  })
})

it('other mirrors are told, so many of them', async () => {
  const peers = [...Array.from({ length: 100 }, (_, i) => `/ip4/203.0.113.${i}/tcp/1`), 7, null]
  const client = await answering(200, JSON.stringify({ peers: [8, ...peers] }))
  expect(await client.peers('a1')).toEqual(peers.slice(0, TAUGHT_ADDRESSES))
  expect(await (await answering(404)).peers('a1')).toEqual([])
  expect(await (await answering(200, '{"peers":{}}')).peers('a1')).toEqual([])
})

it('metadata files come verbatim', async () => {
  const client = await clientOf((request, response) => response.end(request.url))
  expect(String(await client.metadata('a1', '1.root.json'))).toBe('/archives/a1/metadata/1.root.json')
  expect(await (await answering(404)).metadata('a1', 'x')).toBeNull()
})

describe('an upload', () => {
  it('is streamed', async () => {
    let got = ''
    const client = await clientOf((request, response) => {
      expect(request.headers['content-type']).toBe('application/vnd.ipld.car')
      request.on('data', (chunk: Buffer) => (got += String(chunk)))
      request.on('end', () => response.end('{"stored":3}'))
    })
    await client.upload('a1', car())
    expect(got).toBe('carcarcar')
  })

  it('is refused with a reason', async () => {
    const client = await answering(507, '{"reason":"the quota is full"}')
    const refused = { code: 'refused', message: expect.stringContaining('refused the upload: the quota is full') }
    await expect(client.upload('a1', car())).rejects.toMatchObject(refused)
  })
})

async function* car(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 3; i++) yield await Promise.resolve(Buffer.from('car'))
}

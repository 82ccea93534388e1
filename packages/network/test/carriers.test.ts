/** The same requests over HTTP and over a libp2p stream: bodies of many megabytes, backpressure, the end in the middle. */
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { describe, expect, it } from 'vitest'
import { readSmallBody, type CarrierResponse } from '../src/carrier/carrier.ts'
import { CARRIERS } from './live-peers.ts'

const MIB = 1024 * 1024
const CHUNK = 64 * 1024

/** Writes as fast as it is read; stops when the reader is gone. */
async function writeBody(
  response: ServerResponse,
  bytes: number,
  onTaken: (bytes: number) => void = () => {},
): Promise<void> {
  await pipeline(chunks(bytes, onTaken), response).catch(() => {}) // The reader is gone.
}

async function* chunks(bytes: number, onTaken: (bytes: number) => void = () => {}): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes; at += CHUNK) {
    onTaken(CHUNK)
    yield new Uint8Array(CHUNK).fill(at / CHUNK)
    await Promise.resolve()
  }
}

/** Reads all and checks that the bytes are those of `chunks`. */
async function checkedLength(body: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0
  for await (const chunk of body) {
    for (let at = 0; at < chunk.byteLength; at += 1021) {
      const wanted = Math.floor((length + at) / CHUNK) % 256
      if (chunk[at] !== wanted) throw new Error(`byte ${length + at} is ${chunk[at]}, not ${wanted}`)
    }
    length += chunk.byteLength
  }
  return length
}

describe.each(CARRIERS)('over %s', (_name, carry) => {
  it('streams an answer of many megabytes', async () => {
    const carrier = await carry((_request, response) => void writeBody(response, 32 * MIB))
    const { status, body } = await carrier.request({ path: 'big' })
    expect(status).toBe(200)
    expect(await checkedLength(body)).toBe(32 * MIB)
  })

  it('streams a body of many megabytes up', async () => {
    const carrier = await carry((request, response) => {
      void checkedLength(request).then((length) => response.end(String(length)))
    })
    const { body } = await carrier.request({ path: 'up', method: 'POST', body: chunks(16 * MIB) })
    expect(String(await readSmallBody('peer', body, 100))).toBe(String(16 * MIB))
  })

  it('keeps what a slow reader does not take at the sender, and lets others pass meanwhile', async () => {
    let written = 0
    const carrier = await carry((request, response) => {
      void writeBody(response, 24 * MIB, (bytes) => (written += request.url === '/slow' ? bytes : 0))
    })
    const slow = await carrier.request({ path: 'slow' })
    // Drains of the shared connection must not let the unread stream run on.
    const quick = await carrier.request({ path: 'quick' })
    expect(await checkedLength(quick.body)).toBe(24 * MIB)
    // Without libp2p the buffers are the system's, some megabytes for each socket.
    expect(written).toBeLessThan(carrier.kind === 'libp2p' ? 2 * MIB : 12 * MIB)
    // libp2p by itself would have aborted the stream by now, for its full buffer.
    expect(await checkedLength(slow.body)).toBe(24 * MIB)
  })

  it('takes an upload no faster than the other side reads it', async () => {
    let sent = 0
    const { promise: mayRead, resolve: read } = Promise.withResolvers<void>()
    const carrier = await carry((request, response) => {
      if (request.url === '/quick') response.end('quick')
      else void mayRead.then(async () => response.end(String(await checkedLength(request))))
    })
    const slow = carrier.request({ path: 'slow', method: 'POST', body: chunks(24 * MIB, (bytes) => (sent += bytes)) })
    for (let i = 0; i < 50; i++) await readAll(await carrier.request({ path: 'quick' }))
    expect(sent).toBeLessThan(carrier.kind === 'libp2p' ? 2 * MIB : 16 * MIB)
    read()
    expect(await readAll(await slow)).toBe(String(24 * MIB))
  })

  it('ends in the middle on the signal, and the other side learns it', async () => {
    const { promise: gone, resolve } = Promise.withResolvers<void>()
    const carrier = await carry((_request, response) => {
      response.on('close', () => resolve())
      void writeBody(response, 24 * MIB)
    })
    const controller = new AbortController()
    const { body } = await carrier.request({ path: 'big', signal: controller.signal })
    const reading = (async () => {
      for await (const chunk of body) if (chunk.byteLength > 0) controller.abort(new Error('enough'))
    })()
    await expect(reading).rejects.toMatchObject({
      name: 'NetworkError',
      code: 'cancelled',
      cause: { message: 'enough' },
    })
    await gone
  })

  it('asks nothing under an aborted signal', async () => {
    let asked = 0
    const carrier = await carry((_request, response) => response.end(String(++asked)))
    const refused = carrier.request({ path: 'x', signal: AbortSignal.abort() })
    await expect(refused).rejects.toMatchObject({ code: 'cancelled' })
    expect(await readAll(await carrier.request({ path: 'x' }))).toBe('1')
  })

  it('tells the other side when a body is destroyed unread', async () => {
    const { promise: gone, resolve } = Promise.withResolvers<void>()
    const carrier = await carry((_request, response) => {
      response.on('close', () => resolve())
      void writeBody(response, 24 * MIB)
    })
    const { body } = await carrier.request({ path: 'big' })
    body.destroy()
    await gone
  })

  it('stops an upload that is refused, and tells why', async () => {
    let sent = 0
    const carrier = await carry((_request, response) => response.writeHead(413).end('too much'))
    const answer = await carrier.request({
      path: 'up',
      method: 'POST',
      body: chunks(256 * MIB, (bytes) => (sent += bytes)),
    })
    expect(answer.status).toBe(413)
    expect(await readAll(answer)).toBe('too much')
    expect(sent).toBeLessThan(128 * MIB)
  })

  it('throws what the source of an upload throws', async () => {
    const carrier = await carry((request) => request.resume())
    const body = (async function* () {
      yield new Uint8Array(10)
      await Promise.resolve()
      throw new RangeError('the store is broken')
    })()
    await expect(carrier.request({ path: 'up', method: 'POST', body })).rejects.toThrow(RangeError)
  })

  it('uses one stream again and again, and another one beside it', async () => {
    const sockets = new Set<unknown>()
    const carrier = await carry((request, response) => {
      sockets.add(request.socket)
      response.end(request.url)
    })
    for (let i = 0; i < 5; i++) expect(await readAll(await carrier.request({ path: `a/${i}?b=c` }))).toBe(`/a/${i}?b=c`)
    expect(sockets.size).toBe(1)
    await Promise.all(Array.from({ length: 40 }, async () => await readAll(await carrier.request({ path: 'x' }))))
    expect(sockets.size).toBeGreaterThan(1)
    expect(sockets.size).toBeLessThanOrEqual(32)
  })

  it('hands over whole what came before the other side closed', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    const carrier = await carry((request, response) => {
      request.socket.on('close', () => resolve())
      response.setHeader('connection', 'close')
      void writeBody(response, 3 * CHUNK)
    })
    const { body } = await carrier.request({ path: 'x' })
    await closed
    expect(await checkedLength(body)).toBe(3 * CHUNK)
  })

  it('asks again on a new stream when the kept one was just closed', async () => {
    const sockets = new Set<unknown>()
    const carrier = await carry((request, response) => {
      if (sockets.has(request.socket)) return request.socket.destroy()
      sockets.add(request.socket)
      return response.end('here')
    })
    for (let i = 0; i < 3; i++) expect(await readAll(await carrier.request({ path: 'x' }))).toBe('here')
    expect(sockets.size).toBe(3)
  })
})

async function readAll({ body }: CarrierResponse): Promise<string> {
  return String(await readSmallBody('peer', body, 1000))
}

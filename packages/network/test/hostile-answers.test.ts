/** A hint that answers with garbage, without end, half, or not at all: each ends in its own error, in bounded memory and time. */
import type { Duplex } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { readSmallBody } from '../src/carrier/carrier.ts'
import { turn } from './memory-blocks.ts'
import { BARE_CARRIERS, CARRIERS, startServer, urlCarrier } from './live-peers.ts'

const OK = 'HTTP/1.1 200 OK\r\n'

/** Writes the same for as long as it is taken. @returns bytes written when the other side closed */
async function pour(socket: Duplex, text: string): Promise<number> {
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  socket.on('close', () => resolve())
  let written = 0
  const more = (): void => {
    while (!socket.destroyed) {
      written += text.length
      if (!socket.write(text)) return
    }
  }
  socket.on('drain', more)
  more()
  await closed
  return written
}

describe.each(BARE_CARRIERS)('over %s', (_name, carry) => {
  it('garbage is called a lie', async () => {
    const carrier = await carry((socket) => socket.write('\u0000\u0001 garbage \r\n\r\n'))
    await expect(carrier.request({ path: 'x' })).rejects.toMatchObject({ code: 'lied' })
  })

  it('endless headers are cut off', async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    const carrier = await carry((socket) => {
      socket.write(OK)
      void pour(socket, `x-more: ${'x'.repeat(1000)}\r\n`).then(resolve)
    })
    await expect(carrier.request({ path: 'x' })).rejects.toMatchObject({ code: 'lied' })
    expect(await promise).toBeLessThan(8 * 1024 * 1024)
  })

  it('an endless body where a small one is due is cut off', async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    const carrier = await carry((socket) => {
      socket.write(`${OK}\r\n`)
      void pour(socket, 'x'.repeat(1000)).then(resolve)
    })
    const { body } = await carrier.request({ path: 'x' })
    await expect(readSmallBody(carrier.name, body, 100_000)).rejects.toMatchObject({ code: 'too-large' })
    expect(await promise).toBeLessThan(8 * 1024 * 1024)
  })

  it('an endless row of interim answers is silence', async () => {
    const carrier = await carry((socket) => void pour(socket, 'HTTP/1.1 102 Processing\r\n\r\n'))
    await expect(carrier.request({ path: 'x', patience: 200 })).rejects.toMatchObject({ code: 'stalled' })
  })

  it('silence is given up, before and after the headers', async () => {
    const mute = await carry(() => {})
    await expect(mute.request({ path: 'x', patience: 50 })).rejects.toMatchObject({ code: 'stalled' })
    const stuck = await carry((socket) => socket.write(`${OK}content-length: 100\r\n\r\nhalf`))
    // Long enough for the headers on a machine that is busy with something else.
    const { body } = await stuck.request({ path: 'x', patience: 1500 })
    await expect(readSmallBody('peer', body, 1000)).rejects.toMatchObject({ code: 'stalled' })
  })

  it('half an answer is a broken connection', async () => {
    const carrier = await carry((socket) => socket.end(`${OK}content-length: 100\r\n\r\nhalf`))
    const { body } = await carrier.request({ path: 'x' })
    await expect(readSmallBody('peer', body, 1000)).rejects.toMatchObject({ name: 'NetworkError', code: 'unreachable' })
  })

  it('no answer is a broken connection', async () => {
    const carrier = await carry((socket) => socket.once('data', () => socket.destroy()))
    await expect(carrier.request({ path: 'x' })).rejects.toMatchObject({ code: 'unreachable' })
    const upload = carrier.request({ path: 'x', method: 'POST', body: endless() })
    await expect(upload).rejects.toMatchObject({ code: 'unreachable' })
  })
})

it.each(CARRIERS)('a redirect is not followed over %s', async (_name, carry) => {
  let asked = false
  const { url } = await startServer((_request, response) => {
    asked = true
    response.end()
  })
  const carrier = await carry((_request, response) => response.writeHead(302, { location: url.href }).end())
  const { status, body } = await carrier.request({ path: 'x' })
  await readSmallBody('peer', body, 0)
  expect(status).toBe(302)
  expect(asked).toBe(false)
})

it('what arrived and waits for our own slow reader is no silence of the peer', async () => {
  const { url } = await startServer((_request, response) => response.end('x'.repeat(100_000)))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const { body } = await urlCarrier(url).request({ path: 'x' })
    await turn()
    vi.advanceTimersByTime(3_600_000)
    expect((await readSmallBody('peer', body, 100_000)).byteLength).toBe(100_000)
  } finally {
    vi.useRealTimers()
  }
})

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) {
    yield new Uint8Array(65_536)
    await Promise.resolve()
  }
}

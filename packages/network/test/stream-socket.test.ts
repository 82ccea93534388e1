/** What node:http expects of a socket and a libp2p stream does not give by itself. */
import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import type { Stream } from '@libp2p/interface'
import { expect, it, onTestFinished } from 'vitest'
import { StreamSocket } from '../src/carrier/stream-socket.ts'
import { DialGuard } from '../src/dial-guard.ts'
import { libp2pConfig } from '../src/node-config.ts'
import { startBareLibp2p } from './live-peers.ts'
import { turn } from './memory-blocks.ts'

const PROTOCOL = '/test/1'
const MIB = 1024 * 1024
const CHUNK = 64 * 1024
const TOTAL = 32 * MIB

/** Both ends of a real stream between nodes with our settings. */
async function streamPair(): Promise<{ here: Stream; there: Stream }> {
  const guard = new DialGuard()
  const server = await startBareLibp2p(await libp2pConfig({ listen: ['/ip4/127.0.0.1/tcp/0'] }, guard, null))
  const client = await startBareLibp2p(await libp2pConfig({}, guard, null))
  const arriving = new Promise<Stream>((resolve) => {
    void server.handle(PROTOCOL, (stream) => resolve(stream))
  })
  for (const address of server.getMultiaddrs()) guard.allow(address, false)
  const here = await client.dialProtocol(server.getMultiaddrs(), PROTOCOL)
  return { here, there: await arriving }
}

/** Resolves when a number has not changed for many turns of the loop. */
async function settled(value: () => number): Promise<void> {
  let last = -1
  for (let still = 0; still < 300; still++) {
    if (value() !== last) still = 0
    last = value()
    await turn()
  }
}

function socketOf(stream: Stream | Promise<Stream>): StreamSocket {
  const socket = new StreamSocket(stream, 'peer')
  onTestFinished(() => void socket.destroy())
  return socket
}

it('tells when nothing moved for a while, and not while something does', async () => {
  const { here, there } = await streamPair()
  const [socket, other] = [socketOf(here), socketOf(there)]
  let timeouts = 0
  socket.setTimeout(150, () => timeouts++).resume()
  for (let i = 0; i < 3; i++) {
    other.write('x')
    await once(socket, 'data')
  }
  expect(timeouts).toBe(0)
  await once(socket, 'timeout')
  expect(timeouts).toBe(1)
  expect(socket.timeout).toBe(150)
})

it('takes what is written before the stream is open, and fails with it', async () => {
  const { here, there } = await streamPair()
  const opening = Promise.withResolvers<Stream>()
  const socket = socketOf(opening.promise)
  socket.end('early')
  opening.resolve(here)
  const chunks: unknown[] = []
  for await (const chunk of socketOf(there)) chunks.push(chunk)
  expect(Buffer.concat(chunks as Buffer[]).toString()).toBe('early')
  const failed = socketOf(Promise.reject(new Error('no such peer')))
  await expect(once(failed, 'data')).rejects.toThrow('no such peer')
})

it('a stream that was reset before anybody listened is a broken one', async () => {
  const { here, there } = await streamPair()
  const reset = once(here as never, 'close')
  there.abort(new Error('go away'))
  await reset
  await expect(once(socketOf(here), 'data')).rejects.toThrow('reset')
})

it('a reset takes the socket with it, and fails what is being written', async () => {
  const { here, there } = await streamPair()
  const socket = socketOf(here)
  // More than a window: nobody reads it.
  const written = new Promise((resolve) => {
    socket.write(new Uint8Array(4 * 1024 * 1024), resolve)
  })
  socket.on('error', () => {})
  there.abort(new Error('go away'))
  expect(await written).toBeInstanceOf(Error)
  expect(socket.destroyed).toBe(true)
})

it('a reader that stops, and reads a little, and stops, lets no more than a window come', async () => {
  const { here, there } = await streamPair()
  const [socket, other] = [socketOf(here), socketOf(there)]
  let written = 0
  const writing = pipeline(async function* () {
    while (written < TOTAL) {
      yield await Promise.resolve(new Uint8Array(CHUNK))
      written += CHUNK
    }
  }, other)
  let got = 0
  // Takes a chunk at a time, as node:http does.
  const readTo = async (goal: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const onData = (chunk: Uint8Array): void => {
      got += chunk.byteLength
      if (got < goal) return
      socket.pause().off('data', onData)
      resolve()
    }
    socket.on('data', onData).resume()
    await promise
  }
  const taken = (): number => written
  // A quick reader is given a larger window by yamux, which then must not be too large for what libp2p keeps unread.
  await readTo(8 * MIB)
  for (let i = 0; i < 4; i++) {
    await settled(taken)
    expect(socket.destroyed).toBe(false)
    expect(written - got).toBeLessThan(3 * MIB)
    await readTo(got + 1)
  }
  await readTo(TOTAL)
  await writing
})

it('half a connection may be closed while the other half goes on', async () => {
  const { here, there } = await streamPair()
  const [socket, other] = [socketOf(here), socketOf(there)]
  socket.end('question')
  let text = ''
  for await (const chunk of other) text += String(chunk)
  other.end(`answer to ${text}`)
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  expect(answer).toBe('answer to question')
})

/** The gateway on a port: headers, answers cut off, clients that leave or do not read. */
import { once } from 'node:events'
import {
  createServer,
  request,
  type IncomingMessage,
  type RequestListener,
  type RequestOptions,
  type Server,
} from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { resolvePath, walkDag } from '@holdfast/dag'
import { Publisher } from '@holdfast/testkit'
import type { CID } from 'multiformats/cid'
import { afterEach, expect, it, vi } from 'vitest'
import type { ServedArchives } from '../../src/gateway/context.ts'
import { fastRawBlock } from '../../src/gateway/fast-raw-block.ts'
import { createGateway } from '../../src/gateway/gateway.ts'
import { GATEWAY_SERVER_OPTIONS } from '../../src/gateway/limits.ts'
import { gatewayListener } from '../../src/gateway/node-http.ts'
import { FollowedArchives } from './followed-archives.ts'
import { gather, holdTree, noArchives, type HeldTree } from './held-content.ts'

const MiB = 1024 * 1024
const closing: (() => void)[] = []

afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** Serves a tree on 127.0.0.1. */
async function serve(
  files: Record<string, string | number>,
  archives: ServedArchives = noArchives(),
): Promise<HeldTree & { server: Server; port: number }> {
  const held = await holdTree(files)
  const gateway = createGateway({ blocks: held.blocks, archives }, { report: (cause) => held.reported.push(cause) })
  const server = await listening(gatewayListener(gateway, fastRawBlock(held.blocks)))
  return { ...held, gateway, server, port: portOf(server) }
}

async function listening(listener: RequestListener): Promise<Server> {
  const server = createServer(GATEWAY_SERVER_OPTIONS, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return server
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

async function ask(options: RequestOptions, body?: Uint8Array): Promise<IncomingMessage> {
  const outgoing = request({ host: '127.0.0.1', ...options })
  closing.push(() => outgoing.destroy())
  outgoing.end(body)
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  return answer
}

async function bodyOf(answer: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await gather(answer as AsyncIterable<Buffer>))
}

/** Sends bytes as they are. @returns what came back until the other side closed, and whether it closed in peace */
async function exchange(port: number, text: string): Promise<{ answer: string; error: string | null }> {
  const socket: Socket = connect(port, '127.0.0.1')
  closing.push(() => socket.destroy())
  let answer = ''
  let error: string | null = null
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => (answer += chunk))
  socket.on('error', (cause: NodeJS.ErrnoException) => (error = cause.code ?? cause.message))
  socket.end(text)
  await once(socket, 'close').catch(() => {})
  return { answer, error }
}

async function loseLeaf(held: HeldTree, path: string, number: number): Promise<void> {
  const node = await resolvePath(held.root, path, held.blocks)
  const [, ...leaves] = await gather(walkDag(node?.cid as CID, held.blocks))
  held.blocks.lose((leaves[number] as { cid: CID }).cid)
}

it('answers with nothing that names the software', async () => {
  const { port, root } = await serve({ 'a.txt': 'one' })
  for (const path of ['/', `/ipfs/${root.toString()}?format=car`, '/archives', '/nothing', '/ipfs/x?format=raw']) {
    const answer = await ask({ port, path })
    const told = JSON.stringify(answer.rawHeaders) + (await bodyOf(answer)).toString('latin1')
    expect(told).not.toMatch(/holdfast|hono|node|express|server"|powered/i)
  }
})

it('brings a CAR of many blocks whole', async () => {
  const { port, root } = await serve({ 'large.bin': 5 * MiB })
  const answer = await ask({ port, path: `/ipfs/${root.toString()}?format=car` })
  expect(answer.headers['transfer-encoding']).toBe('chunked')
  expect((await bodyOf(answer)).length).toBeGreaterThan(5 * MiB)
  expect(answer.complete).toBe(true)
})

it('HEAD brings headers alone, and the connection goes on', async () => {
  const { port, root } = await serve({ 'a.txt': 'one' })
  const path = `/ipfs/${root.toString()}`
  const asked = (method: string): string => `${method} ${path}?format=raw HTTP/1.1\r\nHost: x\r\n\r\n`
  const { answer } = await exchange(port, asked('HEAD') + asked('HEAD').replace('raw', 'car') + asked('GET'))
  const lengths = [...answer.matchAll(/content-length: (\d+)/gi)].map(([, length]) => length)
  expect([...answer.matchAll(/HTTP\/1.1 200/g)]).toHaveLength(3)
  expect(lengths).toHaveLength(2)
  expect(lengths[0]).toBe(lengths[1])
})

it('a CAR that lacks a block ends in an error, after what came before', async () => {
  const held = await serve({ 'large.bin': 4 * MiB })
  await loseLeaf(held, 'large.bin', 2)
  const answer = await ask({ port: held.port, path: `/ipfs/${held.root.toString()}?format=car` })
  expect(answer.statusCode).toBe(200)
  let length = 0
  answer.on('data', (chunk: Buffer) => (length += chunk.length))
  await expect(once(answer, 'end')).rejects.toThrow('aborted')
  expect(length).toBeGreaterThan(2 * MiB)
  expect(answer.complete).toBe(false)
  expect(held.reported).toMatchObject([{ code: 'missing-block' }])
})

it('also to HTTP/1.0, where a plain end would pass for success', async () => {
  const held = await serve({ 'large.bin': 4 * MiB })
  const asked = `GET /ipfs/${held.root.toString()}?format=car HTTP/1.0\r\n\r\n`
  const whole = await exchange(held.port, asked)
  expect(whole.error).toBeNull()
  expect(whole.answer.length).toBeGreaterThan(4 * MiB)
  await loseLeaf(held, 'large.bin', 2)
  const part = await exchange(held.port, asked)
  expect(part.error).toBe('ECONNRESET')
})

it('prints nothing when an answer is cut off', async () => {
  const printed = [
    vi.spyOn(console, 'error'),
    vi.spyOn(console, 'info'),
    vi.spyOn(console, 'log'),
    vi.spyOn(console, 'warn'),
  ]
  const held = await serve({ 'large.bin': 3 * MiB })
  await loseLeaf(held, 'large.bin', 0)
  const answer = await ask({ port: held.port, path: `/ipfs/${held.root.toString()}?format=car` })
  await bodyOf(answer).catch(() => {})
  for (const spy of printed) {
    expect(spy).not.toHaveBeenCalled()
    spy.mockRestore()
  }
})

it('reads no further ahead than a client takes, and stops when it leaves', async () => {
  const held = await serve({ 'large.bin': 64 * MiB })
  held.blocks.reads = []
  const answer = await ask({ port: held.port, path: `/ipfs/${held.root.toString()}?format=car` })
  const closed = once(held.server, 'connection')
  await once(answer, 'readable')
  const seen = new Set<number>()
  // The buffers of both sockets fill; then the number of reads stands still.
  await vi.waitUntil(
    () => {
      const before = seen.has(held.blocks.reads.length)
      seen.add(held.blocks.reads.length)
      return before
    },
    { interval: 200 },
  )
  const ahead = held.blocks.reads.length
  expect(ahead).toBeLessThan(40)
  answer.destroy()
  const again = ask({ port: held.port, path: '/' })
  await closed
  await again
  expect(held.blocks.reads.length).toBeLessThanOrEqual(ahead + 1)
  expect(held.reported).toEqual([])
})

it('a long poll ends when its client leaves', async () => {
  const alice = await Publisher.create()
  await alice.release('one')
  const archives = new FollowedArchives()
  await archives.hold(alice.state)
  const { port } = await serve({}, archives)
  const outgoing = request({ host: '127.0.0.1', port, path: `/archives/${alice.address}/head?wait=50&served=9` })
  outgoing.on('error', () => {})
  outgoing.end()
  await vi.waitUntil(() => archives.waiting === 1)
  outgoing.destroy()
  await vi.waitUntil(() => archives.waiting === 0)
})

it('takes an upload in pieces, and refuses one that is not wanted without reading it', async () => {
  const alice = await Publisher.create()
  await alice.release('one')
  const archives = new FollowedArchives()
  await archives.hold(alice.state)
  let length = 0
  archives.receive = async (car) => {
    for await (const piece of car) length += piece.length
    return 7
  }
  const { port } = await serve({}, archives)
  const path = `/archives/${alice.address}/blocks`
  const taken = await ask({ port, path, method: 'POST' }, new Uint8Array(3 * MiB))
  expect(JSON.parse(String(await bodyOf(taken)))).toEqual({ stored: 7 })
  expect(length).toBe(3 * MiB)
  const refused = await ask({ port, path: `${path}x`, method: 'POST', headers: { 'content-length': 10 ** 9 } })
  expect(refused.statusCode).toBe(404)
})

it.each([
  ['GET / HTTP/1.0\r\n\r\n', 200],
  ['GET /ipfs/bafkqaaa?format=raw HTTP/1.0\r\n\r\n', 200],
  ['GET http://example.org/ HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n', 200],
  ['GET /ipfs\\..\\x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
  ['GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
  ['GET / HTTP/1.1\r\nHost: a b c\r\nConnection: close\r\n\r\n', 400],
  ['GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
  ['GET /ipfs/%2e%2e/%2e%2e/etc/passwd?format=car HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
  ['TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
  ['nonsense\r\n\r\n', 400],
])('%j is %i', async (text, status) => {
  const { port, reported } = await serve({})
  const { answer } = await exchange(port, text)
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(answer).not.toMatch(/Error|\bat \w|node_modules/)
  expect(reported).toEqual([])
})

it('tells the gateway which peer asks, where the socket knows', async () => {
  const alice = await Publisher.create()
  await alice.release('one')
  const archives = new FollowedArchives()
  await archives.hold(alice.state)
  const { port, server } = await serve({}, archives)
  const path = `/archives/${alice.address}/peers`
  await bodyOf(await ask({ port, path, agent: false }))
  server.prependListener('connection', (socket) => Object.assign(socket, { remotePeer: '12D3KooWasker' }))
  await bodyOf(await ask({ port, path, agent: false }))
  expect(archives.askers).toEqual([null, '12D3KooWasker'])
})

it('a raw block is answered alike on the short way and on the long one', async () => {
  const files = { 'a.txt': 'a', 'large.bin': 300_000 }
  const { port, root, blocks } = await serve(files)
  const held = await holdTree(files)
  const slow = portOf(await listening(gatewayListener(createGateway({ blocks: held.blocks, archives: noArchives() }))))
  const known: CID[] = []
  for await (const block of walkDag(root, blocks, { leaves: true })) known.push(block.cid)
  const paths = known.map((one) => `/ipfs/${one}?format=raw`)
  const other = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
  for (const path of [
    ...paths,
    `/ipfs/${other}?format=raw`,
    `/ipfs/bafkqaaa?format=raw`,
    `/ipfs/bafy?format=raw`,
    `${paths[0]}&filename=x`,
    `/x${paths[0]}`,
  ])
    for (const [method, headers] of [
      ['GET', {}],
      ['HEAD', {}],
      ['GET', { range: 'bytes=0-0' }],
      ['GET', { 'if-none-match': '*' }],
      ['GET', { 'service-worker': 'script' }],
    ] as const) {
      const [one, two] = await Promise.all(
        [port, slow].map(async (at) => await ask({ port: at, path, method, headers })),
      )
      const strip = ({ date: _date, ...rest }: IncomingMessage['headers']): object => rest
      expect(one?.statusCode, path).toBe(two?.statusCode)
      expect(strip(one?.headers ?? {}), path).toEqual(strip(two?.headers ?? {}))
      expect(await bodyOf(one as IncomingMessage)).toEqual(await bodyOf(two as IncomingMessage))
    }
})

/** Real nodes and servers on 127.0.0.1 that end with the test that started them. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createBareServer, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { onTestFinished } from 'vitest'
import { HTTP_PROTOCOL } from '../src/carrier/libp2p-carrier.ts'
import { StreamSocket } from '../src/carrier/stream-socket.ts'
import { PeerNode, UrlCarrier, type Carrier, type NodeSettings } from '../src/index.ts'

/** A node that listens on a free port of loopback; `listen: []` makes one that only calls out. */
export async function startNode(settings: NodeSettings = {}): Promise<PeerNode> {
  const node = await PeerNode.start({ listen: ['/ip4/127.0.0.1/tcp/0'], ...settings })
  onTestFinished(async () => await node.stop())
  return node
}

export function addressesOf(node: PeerNode): Multiaddr[] {
  return node.multiaddrs.map((text) => multiaddr(text))
}

export async function connect(from: PeerNode, to: PeerNode): Promise<Carrier> {
  return await from.connect(to.peerId, addressesOf(to))
}

/** Resolves when `node` knows that `peer` speaks our HTTP. */
export async function seen(node: PeerNode, peer: string): Promise<void> {
  await new Promise<void>((resolve) => {
    node.watchPeers({ seen: (one) => one === peer && resolve(), lost: () => {} })
  })
}

export async function startServer(listener: RequestListener): Promise<{ server: Server; url: URL }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { server, url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`) }
}

type Carry<T> = (serve: T) => Promise<Carrier>

/** The same listener behind both carriers. Whoever calls is stopped first, as its libp2p waits for a peer that vanished. */
export const CARRIERS: [string, Carry<RequestListener>][] = [
  ['http', async (listener) => urlCarrier((await startServer(listener)).url)],
  ['libp2p', async (listener) => await calling(await startNode({ serve: listener }))],
]

/** A peer that does with each connection or stream what it likes, behind both carriers. */
export const BARE_CARRIERS: [string, Carry<(socket: Duplex) => void>][] = [
  ['http', async (serve) => urlCarrier(await listenBare(serve))],
  ['libp2p', async (serve) => await bareCarrier(serve)],
]

async function calling(server: PeerNode): Promise<Carrier> {
  return await connect(await startNode({ listen: [] }), server)
}

async function listenBare(serve: (socket: Duplex) => void): Promise<URL> {
  const sockets: Socket[] = []
  const server = createBareServer((socket) => {
    sockets.push(socket)
    serve(socket.on('error', () => {}))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
}

async function bareCarrier(serve: (socket: Duplex) => void): Promise<Carrier> {
  const libp2p = await startBareLibp2p()
  await libp2p.handle(HTTP_PROTOCOL, (stream) => serve(new StreamSocket(stream, 'bare').on('error', () => {})))
  const node = await startNode({ listen: [] })
  return await node.connect(libp2p.peerId.toString(), libp2p.getMultiaddrs())
}

/** libp2p with none of our settings. */
export const BARE_LIBP2P: Libp2pOptions = {
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: { identify: identify() },
}

export async function startBareLibp2p(options: Libp2pOptions = {}): Promise<Libp2p> {
  const libp2p = await createLibp2p({ ...BARE_LIBP2P, ...options })
  onTestFinished(async () => await libp2p.stop())
  return libp2p
}

export function urlCarrier(url: URL): UrlCarrier {
  const carrier = new UrlCarrier(url, true)
  onTestFinished(() => carrier.close())
  return carrier
}

/** Opens the doors of a mirror: libp2p with gossip and bitswap, and the gateway over plain HTTP; both through one handler. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NetworkError, newPeerKey, PeerNode, reasonOf } from '@holdfast/network'
import type { ArchiveBook } from '../archives/archive-book.ts'
import { fastRawBlock } from '../gateway/fast-raw-block.ts'
import { createGateway } from '../gateway/gateway.ts'
import { GATEWAY_SERVER_OPTIONS } from '../gateway/limits.ts'
import { gatewayListener } from '../gateway/node-http.ts'
import type { Home } from '../home.ts'
import { DEFAULT_GATEWAY_PORT, DEFAULT_PORT } from '../limits.ts'
import { usageError } from '../settings.ts'
import { writeFileAtomic } from '../store/atomic-file.ts'
import { readOnlyBlockstore } from '../store/bitswap-blockstore.ts'
import { gatewayContext, type GatewayHelp } from './gateway-context.ts'
import type { Keeper } from './keeper.ts'

export interface ServingSettings {
  /** Multiaddrs; empty for the default port. */
  listen: readonly string[]
  /** Multiaddrs told to others instead of those listened on; empty for all of these, every interface included. */
  announce: readonly string[]
  /** HOST:PORT; undefined for the default port on loopback. */
  gateway: string | undefined
  allowPrivate: boolean
}

export interface Serving {
  readonly peerId: string
  readonly multiaddrs: string[]
  /** URL of the gateway without a slash at its end. */
  readonly gateway: string
  readonly node: PeerNode
  stop(): Promise<void>
}

interface Parts {
  home: Home
  book: ArchiveBook
  keeper: Keeper
  readonly note: (line: string) => void
}

/** @throws NetworkError 'port-in-use' when a port that was asked for is taken; of the default ports others are tried */
export async function startServing(settings: ServingSettings, parts: Parts, help: GatewayHelp): Promise<Serving> {
  const { book, home, keeper, note } = parts
  const report = (cause: unknown): void => note(`The gateway: ${reasonOf(cause)}`)
  const gateway = createGateway(gatewayContext(book, keeper.blocks, help), { report })
  const serve = gatewayListener(gateway, fastRawBlock(keeper.blocks))
  const { server, url } = await openGateway(settings.gateway, serve, note)
  try {
    const peerKey = await ownPeerKey(home)
    const bitswap = readOnlyBlockstore(keeper.blocks)
    const start = async (listen: string[]): Promise<PeerNode> =>
      await PeerNode.start({
        listen,
        announce: [...settings.announce],
        peerKey,
        serve,
        bitswap,
        gossip: true,
        onRefusedDial: (address) => note(`Not dialled: ${address}`),
      })
    const node = await startNode(settings.listen, start, note)
    return {
      peerId: node.peerId,
      get multiaddrs() {
        return node.multiaddrs
      },
      gateway: url,
      node,
      stop: async () => {
        server.closeAllConnections()
        server.close()
        await node.stop()
      },
    }
  } catch (error) {
    server.close()
    throw error
  }
}

async function startNode(
  listen: readonly string[],
  start: (listen: string[]) => Promise<PeerNode>,
  note: (line: string) => void,
): Promise<PeerNode> {
  if (listen.length > 0) return await start([...listen])
  try {
    return await start([`/ip4/0.0.0.0/tcp/${DEFAULT_PORT}`])
  } catch (error) {
    if (!(error instanceof NetworkError) || error.code !== 'port-in-use') throw error
    note(
      `Port ${DEFAULT_PORT} is taken; using a free one. Links that name this mirror will need its new port: choose one with --listen.`,
    )
    return await start(['/ip4/0.0.0.0/tcp/0'])
  }
}

async function openGateway(
  hostAndPort: string | undefined,
  serve: RequestListener,
  note: (line: string) => void,
): Promise<{ server: Server; url: string }> {
  const { host, port } =
    hostAndPort === undefined ? { host: '127.0.0.1', port: DEFAULT_GATEWAY_PORT } : parseHostPort(hostAndPort)
  try {
    return await listenHttp(serve, host, port)
  } catch (error) {
    if (!(error instanceof NetworkError) || error.code !== 'port-in-use' || hostAndPort !== undefined) throw error
    note(`Port ${port} is taken; the gateway uses a free one. Choose one with --gateway.`)
    return await listenHttp(serve, host, 0)
  }
}

async function listenHttp(
  serve: RequestListener,
  host: string,
  port: number,
): Promise<{ server: Server; url: string }> {
  const server = createServer(GATEWAY_SERVER_OPTIONS, serve)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const problem =
        cause.code === 'EADDRINUSE'
          ? 'another program uses that port'
          : `the system says ${cause.code ?? cause.message}`
      reject(new NetworkError('port-in-use', `The gateway cannot listen on ${host}:${port}: ${problem}.`, { cause }))
    })
    server.listen(port, host, resolve)
  })
  const bound = server.address()
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port
  return { server, url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}` }
}

function parseHostPort(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) throw usageError(`--gateway ${text} is not HOST:PORT, such as 127.0.0.1:8996.`)
  return { host: match[1] ?? match[2] ?? '', port }
}

/** A mirror keeps its peer id, so that links that name it stay good. */
async function ownPeerKey(home: Home): Promise<Uint8Array> {
  const file = join(home.data, 'peer.key')
  try {
    return await readFile(file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  const key = await newPeerKey()
  writeFileAtomic(file, key, { mode: 0o600 })
  return key
}

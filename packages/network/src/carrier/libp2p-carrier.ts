import { Agent, createServer, type RequestListener, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Libp2p, PeerId } from '@libp2p/interface'
import { HTTP_STREAMS_PER_PEER, DIAL_TIMEOUT_MS } from '../limits.ts'
import type { Carrier, CarrierRequest, CarrierResponse } from './carrier.ts'
import { sendRequest } from './http-request.ts'
import { StreamSocket } from './stream-socket.ts'

/** The protocol of HTTP over libp2p (specs.ipfs.tech, "HTTP over libp2p", `/http/1.1`). */
export const HTTP_PROTOCOL = '/http/1.1'

/** node:http over streams of one peer; an idle stream is kept and used again. */
class StreamAgent extends Agent {
  readonly #libp2p: Libp2p
  readonly #peer: PeerId

  constructor(libp2p: Libp2p, peer: PeerId) {
    super({ keepAlive: true, maxSockets: HTTP_STREAMS_PER_PEER / 2, maxFreeSockets: 8 })
    this.#libp2p = libp2p
    this.#peer = peer
  }

  override createConnection(_options: object, done?: (error: Error | null, socket: Duplex) => void): undefined {
    this.#libp2p
      .dialProtocol(this.#peer, HTTP_PROTOCOL, {
        signal: AbortSignal.timeout(DIAL_TIMEOUT_MS),
        maxOutboundStreams: HTTP_STREAMS_PER_PEER,
      })
      .then(
        (stream) => done?.(null, new StreamSocket(stream, this.#peer.toString())),
        (error: Error) => done?.(error, undefined as unknown as Duplex),
      )
    return undefined
  }
}

/** Asks a connected (or dialable) libp2p peer over `/http/1.1`. */
export class Libp2pCarrier implements Carrier {
  readonly kind = 'libp2p'
  readonly name: string
  readonly #agent: StreamAgent

  constructor(libp2p: Libp2p, peer: PeerId) {
    this.name = peer.toString()
    this.#agent = new StreamAgent(libp2p, peer)
  }

  request(request: CarrierRequest): Promise<CarrierResponse> {
    const target = { agent: this.#agent, secure: false, host: this.name, path: `/${request.path}`, headers: { host: this.name } }
    return sendRequest(this.name, target, request)
  }

  close(): void {
    this.#agent.destroy()
  }
}

/**
 * Serves a node:http listener to libp2p peers: every stream of `/http/1.1` is one keep-alive connection of a server that
 * listens on no port.
 *
 * @param listener sees the peer's id as `request.socket.remotePeer`
 * @returns the server, to be closed with the node
 */
export async function serveOverLibp2p(libp2p: Libp2p, listener: RequestListener): Promise<Server> {
  const server = createServer(listener)
  await libp2p.handle(
    HTTP_PROTOCOL,
    (stream, connection) => {
      server.emit('connection', new StreamSocket(stream, connection.remotePeer.toString()))
    },
    { maxInboundStreams: HTTP_STREAMS_PER_PEER, maxOutboundStreams: HTTP_STREAMS_PER_PEER },
  )
  return server
}

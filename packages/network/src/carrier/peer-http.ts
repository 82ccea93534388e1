import { createServer, type RequestListener, type Server } from 'node:http'
import type { Startable, StreamHandler, StreamHandlerOptions } from '@libp2p/interface'
import { HTTP_STREAMS_PER_PEER, MAX_HEADER_BYTES, SERVED_IDLE_MS, SERVED_STALL_MS } from '../limits.ts'
import { HTTP_PROTOCOL } from './libp2p-carrier.ts'
import { StreamSocket } from './stream-socket.ts'

/** What the service needs of libp2p. */
interface PeerHttpComponents {
  registrar: {
    handle(protocol: string, handler: StreamHandler, options?: StreamHandlerOptions): Promise<void>
    unhandle(protocol: string): Promise<void>
  }
}

/**
 * Serves a node:http listener to libp2p peers: every stream of `/http/1.1` is one keep-alive connection of a server that
 * listens on no port. A libp2p service, so that it is there before the first peer can connect and ask what we speak.
 */
class PeerHttp implements Startable {
  readonly #components: PeerHttpComponents
  readonly #server: Server
  readonly #sockets = new Set<StreamSocket>()

  constructor(components: PeerHttpComponents, listener: RequestListener) {
    this.#components = components
    this.#server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: SERVED_IDLE_MS }, listener)
    // node's own checks of slow requests run for servers that listen on a port only.
    this.#server.timeout = SERVED_STALL_MS
  }

  async start(): Promise<void> {
    const limits = { maxInboundStreams: HTTP_STREAMS_PER_PEER, maxOutboundStreams: HTTP_STREAMS_PER_PEER }
    await this.#components.registrar.handle(
      HTTP_PROTOCOL,
      (stream, connection) => {
        const socket = new StreamSocket(stream, connection.remotePeer.toString())
        this.#sockets.add(socket)
        socket.once('close', () => this.#sockets.delete(socket))
        this.#server.emit('connection', socket)
      },
      limits,
    )
  }

  async stop(): Promise<void> {
    await this.#components.registrar.unhandle(HTTP_PROTOCOL)
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }
}

/**
 * @param listener finds the id of the peer that asks as `request.socket.remotePeer`
 * @returns the libp2p service
 */
export function peerHttp(listener: RequestListener): (components: PeerHttpComponents) => Startable {
  return (components) => new PeerHttp(components, listener)
}

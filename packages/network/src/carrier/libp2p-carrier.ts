import { Agent } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Libp2p, PeerId } from '@libp2p/interface'
import { NEGOTIATION_TIMEOUT_MS, HTTP_STREAMS_OUT, HTTP_STREAMS_PER_PEER } from '../limits.ts'
import type { Carrier, CarrierRequest, CarrierResponse } from './carrier.ts'
import { sendRequest } from './http-exchange.ts'
import { StreamSocket } from './stream-socket.ts'

/** The protocol of HTTP over libp2p (specs.libp2p.io, "http/transport-libp2p"). */
export const HTTP_PROTOCOL = '/http/1.1'

type Libp2pDialer = Pick<Libp2p, 'dialProtocol'>

/** node:http over streams of one peer; an idle stream is kept and used again. */
class StreamAgent extends Agent {
  readonly #libp2p: Libp2pDialer
  readonly #peer: PeerId

  constructor(libp2p: Libp2pDialer, peer: PeerId) {
    super({ keepAlive: true, maxSockets: HTTP_STREAMS_OUT, maxFreeSockets: 8 })
    this.#libp2p = libp2p
    this.#peer = peer
  }

  override createConnection(): Duplex {
    const options = { signal: AbortSignal.timeout(NEGOTIATION_TIMEOUT_MS), maxOutboundStreams: HTTP_STREAMS_PER_PEER }
    return new StreamSocket(this.#libp2p.dialProtocol(this.#peer, HTTP_PROTOCOL, options), this.#peer.toString())
  }
}

/** Asks a connected (or dialable) libp2p peer over `/http/1.1`, whichever side opened the connection. */
export class Libp2pCarrier implements Carrier {
  readonly kind = 'libp2p'
  readonly name: string
  readonly #agent: StreamAgent

  constructor(libp2p: Libp2pDialer, peer: PeerId) {
    this.name = peer.toString()
    this.#agent = new StreamAgent(libp2p, peer)
  }

  async request(request: CarrierRequest): Promise<CarrierResponse> {
    const { name } = this
    const target = { agent: this.#agent, secure: false, host: name, path: `/${request.path}`, headers: { host: name } }
    return await sendRequest(name, target, request)
  }

  close(): void {
    this.#agent.destroy()
  }
}

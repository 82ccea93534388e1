import type { RequestListener } from 'node:http'
import { generateKeyPair, privateKeyFromProtobuf } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp, type TCPOptions } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import type { Blockstore } from 'interface-blockstore'
import type { Libp2pOptions } from 'libp2p'
import { peerHttp } from './carrier/peer-http.ts'
import type { DialGuard } from './dial-guard.ts'
import type { Gossip } from './gossip.ts'
import {
  DIAL_TIMEOUT_MS,
  INBOUND_CONNECTIONS_PER_SECOND,
  NEGOTIATION_TIMEOUT_MS,
  PENDING_CONNECTIONS,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
  STREAM_WINDOW_BYTES,
} from './limits.ts'
import { guardedLookup } from './name-lookup.ts'
import { noiseCrypto } from './noise-crypto.ts'

/** What a node is told. Everything that is absent is off: no listening, no gossip, no bitswap, nobody dialled. */
export interface NodeSettings {
  /** Multiaddrs to listen on; none for a reader or a maintainer, who only call out. */
  listen?: string[]
  /**
   * Multiaddrs to tell others instead of those listened on. Without it every peer learns them, and `/ip4/0.0.0.0/…` then
   * means the addresses of all interfaces of this machine: who listens there and wants that kept secret names what to announce.
   */
  announce?: string[]
  /** Protobuf of the Ed25519 peer key (`newPeerKey`); absent makes a fresh peer id, as a maintainer wants. */
  peerKey?: Uint8Array
  /** Answers requests of peers over `/http/1.1`. */
  serve?: RequestListener
  /** Blocks to serve over bitswap to any IPFS node. */
  bitswap?: Blockstore
  gossip?: boolean
  /** Told of each address that libp2p wanted to dial and was not allowed to. */
  onRefusedDial?: (address: string) => void
}

/**
 * The libp2p node of these settings. It dials nobody by itself: no bootstrap list, discovery, routing, relay or DNS records.
 *
 * noise alone: libp2p's TLS is a third faster, but its certificates say since when they hold, so a peer whose clock is an hour
 * behind reaches nobody, and everybody learns how wrong whose clock is. In Node, frames of 1,200 bytes and more are ciphered by
 * OpenSSL, smaller ones by WebAssembly; a test holds that it is not JavaScript.
 */
export async function libp2pConfig(
  settings: NodeSettings,
  guard: DialGuard,
  gossip: Gossip | null,
): Promise<Libp2pOptions> {
  const { listen = [], announce = [], peerKey, serve } = settings
  const dialOpts = { lookup: guardedLookup((host) => guard.mayLeadInside(host)) }
  return {
    privateKey: peerKey === undefined ? await generateKeyPair('Ed25519') : privateKeyFromProtobuf(peerKey),
    // The default names the platform and the versions of node and libp2p to everyone who connects.
    nodeInfo: { name: 'libp2p', version: '', userAgent: 'libp2p' },
    addresses: { listen, announce },
    // Whatever net.connect takes is passed on to it; the type names only some.
    transports: [tcp({ dialOpts: dialOpts as TCPOptions['dialOpts'] & object })],
    connectionEncrypters: [noise({ crypto: noiseCrypto })],
    streamMuxers: [
      yamux({
        streamOptions: { initialStreamWindowSize: STREAM_WINDOW_BYTES, maxStreamWindowSize: STREAM_WINDOW_BYTES },
      }),
    ],
    connectionGater: guard.gater(),
    connectionManager: {
      dialTimeout: DIAL_TIMEOUT_MS,
      inboundConnectionThreshold: INBOUND_CONNECTIONS_PER_SECOND,
      maxIncomingPendingConnections: PENDING_CONNECTIONS,
      inboundStreamProtocolNegotiationTimeout: NEGOTIATION_TIMEOUT_MS,
      outboundStreamProtocolNegotiationTimeout: NEGOTIATION_TIMEOUT_MS,
      // Whom to call again is decided by whoever uses the node.
      reconnectRetries: 0,
      // A /dnsaddr/ is a list of addresses that somebody else keeps.
      resolvers: {},
    },
    connectionMonitor: {
      pingInterval: PING_INTERVAL_MS,
      pingTimeout: { minTimeout: PING_TIMEOUT_MS, maxTimeout: PING_TIMEOUT_MS },
    },
    services: {
      identify: identify(),
      ...(serve !== undefined && { http: peerHttp(serve) }),
      ...(gossip !== null && { pubsub: gossip.service() }),
    },
  }
}

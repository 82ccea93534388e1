import type { RequestListener, Server } from 'node:http'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { GossipSub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { start, stop, type Libp2p, type PrivateKey } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { peerIdFromString } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import type { Blockstore } from 'interface-blockstore'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import type { Carrier } from './carrier/carrier.ts'
import { HTTP_PROTOCOL, Libp2pCarrier, serveOverLibp2p } from './carrier/libp2p-carrier.ts'
import { DialGuard } from './dial-guard.ts'
import { NetworkError, reasonOf } from './errors.ts'
import { Gossip, gossipService } from './gossip.ts'
import { hostOf, scopeOfIp, type Scope } from './hints.ts'
import { DIAL_TIMEOUT_MS, INBOUND_CONNECTIONS_PER_SECOND } from './limits.ts'

/** What a node is told. Everything that is absent is off: no listening, no gossip, no bitswap, nobody dialled. */
export interface NodeSettings {
  /** Multiaddrs to listen on; none for a reader or a maintainer, who only call out. */
  listen?: string[]
  /** Multiaddrs to tell others instead of those listened on. */
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

/** Told when a peer that speaks holdfast's HTTP comes and goes. */
export interface PeerListener {
  seen(peer: string): void
  lost(peer: string): void
}

/** A new peer key, protobuf encoded, to be kept by a mirror so that its hints stay valid. */
export async function newPeerKey(): Promise<Uint8Array> {
  return privateKeyToProtobuf(await generateKeyPair('Ed25519'))
}

/** The libp2p node: who is connected, how to ask them, and gossip. */
export class PeerNode {
  readonly peerId: string
  readonly #libp2p: Libp2p
  readonly #guard: DialGuard
  readonly #gossip: Gossip | null
  readonly #stop: () => Promise<void>
  readonly #carriers = new Map<string, Libp2pCarrier>()

  private constructor(libp2p: Libp2p, guard: DialGuard, gossip: Gossip | null, stopAll: () => Promise<void>) {
    this.peerId = libp2p.peerId.toString()
    this.#libp2p = libp2p
    this.#guard = guard
    this.#gossip = gossip
    this.#stop = stopAll
  }

  /**
   * Starts a node that dials nobody by itself.
   *
   * @throws NetworkError `port-in-use` when it cannot listen, `bad-hint` for a multiaddr it cannot read
   */
  static async start(settings: NodeSettings): Promise<PeerNode> {
    for (const text of settings.listen ?? []) parseListen(text)
    const guard = new DialGuard(settings.onRefusedDial)
    const privateKey = settings.peerKey === undefined ? undefined : privateKeyFromProtobuf(settings.peerKey)
    const config = libp2pConfig(settings, guard, privateKey)
    let server: Server | undefined
    try {
      const { libp2p, stopAll } = settings.bitswap === undefined ? await startPlain(config) : await startWithBitswap(config, settings.bitswap)
      if (settings.serve !== undefined) server = await serveOverLibp2p(libp2p, settings.serve)
      const pubsub = libp2p.services['pubsub'] as GossipSub | undefined
      return new PeerNode(libp2p, guard, pubsub === undefined ? null : new Gossip(pubsub), async () => {
        await stopAll()
        server?.closeAllConnections()
        server?.close()
      })
    } catch (cause) {
      const listening = (settings.listen ?? []).join(', ')
      if (/EADDRINUSE|UnsupportedListenAddresses|Some configured addresses failed/i.test(allReasons(cause)))
        throw new NetworkError('port-in-use', `cannot listen on ${listening}: another program uses that port`, { cause })
      throw cause
    }
  }

  /** Where others reach this node, each with its peer id. */
  get multiaddrs(): string[] {
    return this.#libp2p.getMultiaddrs().map(String)
  }

  /** Announcements. @throws when the node was started without gossip */
  get gossip(): Gossip {
    if (this.#gossip === null) throw new Error('this node was started without gossip')
    return this.#gossip
  }

  /**
   * Connects to a peer.
   *
   * @param addresses multiaddrs of one peer, each of which may be dialled from now on
   * @returns how to ask it
   * @throws NetworkError `unreachable`
   */
  async connect(peer: string, addresses: readonly Multiaddr[], signal?: AbortSignal): Promise<Carrier> {
    for (const address of addresses) this.#guard.allow(address)
    const limit = AbortSignal.timeout(DIAL_TIMEOUT_MS)
    try {
      const full = addresses.map((one) => (String(one).includes('/p2p/') ? one : multiaddr(`${one}/p2p/${peer}`)))
      await this.#libp2p.dial([...full], { signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) })
    } catch (cause) {
      throw new NetworkError('unreachable', `${addresses.map(hostAndPort).join(', ')} cannot be reached (${reasonOf(cause)})`, { cause })
    }
    return this.carrier(peer)
  }

  /** How to ask a peer; it is used while connected, and cached. */
  carrier(peer: string): Carrier {
    let carrier = this.#carriers.get(peer)
    if (carrier === undefined) {
      carrier = new Libp2pCarrier(this.#libp2p, peerIdFromString(peer))
      this.#carriers.set(peer, carrier)
    }
    return carrier
  }

  isConnected(peer: string): boolean {
    return this.#libp2p.getConnections(peerIdFromString(peer)).length > 0
  }

  /** How far the connection to a peer reaches; null when there is none. */
  scopeOf(peer: string): Scope | null {
    const connection = this.#libp2p.getConnections(peerIdFromString(peer))[0]
    return connection === undefined ? null : scopeOfIp(hostOf(connection.remoteAddr))
  }

  /** Addresses under which a peer says it listens. */
  async addressesOf(peer: string): Promise<string[]> {
    try {
      const known = await this.#libp2p.peerStore.get(peerIdFromString(peer))
      return known.addresses.map((one) => `${one.multiaddr}/p2p/${peer}`)
    } catch {
      return [] // Not in the peer store: nothing is known, which is an answer.
    }
  }

  /** Tells of peers that speak `/http/1.1`, those already connected included. */
  async watchPeers(listener: PeerListener): Promise<void> {
    await this.#libp2p.register(HTTP_PROTOCOL, {
      onConnect: (peer) => listener.seen(peer.toString()),
      onDisconnect: (peer) => listener.lost(peer.toString()),
    })
    this.#libp2p.addEventListener('peer:disconnect', (event) => {
      const peer = event.detail.toString()
      this.#carriers.get(peer)?.close()
      this.#carriers.delete(peer)
    })
  }

  async disconnect(peer: string): Promise<void> {
    await this.#libp2p.hangUp(peerIdFromString(peer))
  }

  async stop(): Promise<void> {
    for (const carrier of this.#carriers.values()) carrier.close()
    await this.#stop()
  }
}

function libp2pConfig(settings: NodeSettings, guard: DialGuard, privateKey: PrivateKey | undefined): Libp2pOptions {
  return {
    ...(privateKey && { privateKey }),
    // The default names the platform and the versions of node and libp2p to everyone who connects.
    nodeInfo: { name: 'libp2p', version: '', userAgent: 'libp2p' },
    addresses: { listen: settings.listen ?? [], announce: settings.announce ?? [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: guard.gater(),
    connectionManager: { inboundConnectionThreshold: INBOUND_CONNECTIONS_PER_SECOND, maxIncomingPendingConnections: 100, reconnectRetries: 0 },
    services: { identify: identify(), ...(settings.gossip === true && { pubsub: gossipService() }) },
  }
}

interface Started {
  libp2p: Libp2p
  stopAll: () => Promise<void>
}

async function startPlain(config: Libp2pOptions): Promise<Started> {
  const libp2p = await createLibp2p({ ...config, start: false })
  await start(libp2p)
  return { libp2p, stopAll: async () => await stop(libp2p) }
}

/** Helia carries bitswap; it is loaded only where blocks are served, since it takes most of a second. */
async function startWithBitswap(config: Libp2pOptions, blockstore: Blockstore): Promise<Started> {
  const [{ createHeliaLight }, { withLibp2pLight }, { withBitswap }] = await Promise.all([
    import('helia'),
    import('@helia/libp2p'),
    import('@helia/bitswap'),
  ])
  const helia = withBitswap(withLibp2pLight(createHeliaLight({ blockstore }), config))
  await helia.start()
  return { libp2p: helia.libp2p, stopAll: async () => await helia.stop() }
}

function parseListen(text: string): Multiaddr {
  try {
    return multiaddr(text)
  } catch (cause) {
    throw new NetworkError('bad-hint', `--listen ${text} is not a multiaddr (${reasonOf(cause)})`, { cause })
  }
}

function hostAndPort(address: Multiaddr): string {
  return String(address).replace(/\/p2p\/.*$/, '')
}

function allReasons(error: unknown): string {
  const parts: string[] = []
  for (let one: unknown = error; one instanceof Error; one = one.cause) {
    parts.push(one.name, one.message)
    if (one instanceof AggregateError) parts.push(...one.errors.map(allReasons))
  }
  return parts.join(' ')
}

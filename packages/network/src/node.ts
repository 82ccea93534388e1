import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import type { Blockstore } from 'interface-blockstore'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import type { Scope } from './address-scope.ts'
import type { Carrier } from './carrier/carrier.ts'
import { HTTP_PROTOCOL, Libp2pCarrier } from './carrier/libp2p-carrier.ts'
import { DialGuard } from './dial-guard.ts'
import { cancelled, NetworkError, reasonOf } from './errors.ts'
import { Gossip } from './gossip.ts'
import { parseHint, peerOf, scopeOfAddress } from './hints.ts'
import { DIAL_TIMEOUT_MS } from './limits.ts'
import { libp2pConfig, type NodeSettings } from './node-config.ts'

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
  /** Connected peers that speak `/http/1.1`. */
  readonly #askable = new Set<string>()
  readonly #listeners = new Set<PeerListener>()

  private constructor(started: Started, guard: DialGuard, gossip: Gossip | null) {
    const { libp2p, stop } = started
    this.peerId = libp2p.peerId.toString()
    this.#libp2p = libp2p
    this.#guard = guard
    this.#gossip = gossip
    this.#stop = stop
    libp2p.addEventListener('peer:identify', ({ detail }) => {
      if (detail.protocols.includes(HTTP_PROTOCOL)) this.#onAskable(detail.peerId.toString())
    })
    libp2p.addEventListener('peer:disconnect', ({ detail }) => this.#onGone(detail.toString()))
  }

  /**
   * Starts a node that dials nobody by itself.
   *
   * @throws NetworkError `port-in-use` when it cannot listen, for whatever reason; `bad-hint` for a multiaddr it cannot read
   */
  static async start(settings: NodeSettings): Promise<PeerNode> {
    for (const text of settings.listen ?? []) checkMultiaddr(text, 'listen on')
    for (const text of settings.announce ?? []) checkMultiaddr(text, 'announce')
    const guard = new DialGuard(settings.onRefusedDial)
    const gossip = settings.gossip === true ? new Gossip() : null
    const config = await libp2pConfig(settings, guard, gossip)
    try {
      const started = await (settings.bitswap === undefined
        ? startPlain(config)
        : startWithBitswap(config, settings.bitswap))
      gossip?.attach(started.libp2p)
      const node = new PeerNode(started, guard, gossip)
      await node.#lookAround()
      return node
    } catch (cause) {
      throw listenError(settings.listen ?? [], cause) ?? cause
    }
  }

  /** Where others reach this node, each with its peer id; what every peer is told. */
  get multiaddrs(): string[] {
    return this.#libp2p.getMultiaddrs().map(String)
  }

  /** Announcements. @throws when the node was started without gossip */
  get gossip(): Gossip {
    if (this.#gossip === null) throw new Error('this node was started without gossip')
    return this.#gossip
  }

  /**
   * Connects to a peer, or keeps the connection that there is.
   *
   * @param addresses multiaddrs of one peer, each of which may be dialled from now on
   * @param options allowPrivate: whether names in them may resolve to private addresses; true for what was given by hand
   * @returns how to ask it
   * @throws NetworkError `unreachable`, `private-address`, `cancelled`
   */
  async connect(
    peer: string,
    addresses: readonly Multiaddr[],
    signal?: AbortSignal,
    options: { allowPrivate?: boolean } = {},
  ): Promise<Carrier> {
    for (const address of addresses) this.#guard.allow(address, options.allowPrivate === true)
    const limit = AbortSignal.timeout(DIAL_TIMEOUT_MS)
    try {
      signal?.throwIfAborted()
      const full = addresses.map((one) => (peerOf(one) === null ? one.encapsulate(`/p2p/${peer}`) : one))
      const other = full.find((one) => peerOf(one) !== peer)
      if (full.length === 0 && !this.isConnected(peer)) throw new Error('no address of it is known')
      if (other !== undefined) throw new Error(`${String(other)} is an address of another peer`)
      if (full.length > 0)
        await this.#libp2p.dial(full, { signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) })
    } catch (cause) {
      if (signal?.aborted === true) throw cancelled(`the call to ${peer}`, signal)
      const refused = causesOf(cause).find((one) => one instanceof NetworkError)
      if (refused !== undefined) throw refused
      const where = addresses.map((one) => String(one).replace(/\/p2p\/.*$/, '')).join(', ')
      throw new NetworkError('unreachable', `${where || peer} cannot be reached (${reasonOf(cause)})`, { cause })
    }
    return this.carrier(peer)
  }

  /** How to ask a peer; cached while it is connected. It need not be: then its allowed addresses are dialled at the first request. */
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
    const [connection] = this.#libp2p.getConnections(peerIdFromString(peer))
    return connection === undefined ? null : scopeOfAddress(connection.remoteAddr)
  }

  /** Hints under which a peer says it can be reached: a claim, and not dialled unless somebody names them to `connect`. */
  async addressesOf(peer: string): Promise<string[]> {
    const id = peerIdFromString(peer)
    if (!(await this.#libp2p.peerStore.has(id))) return []
    const { addresses } = await this.#libp2p.peerStore.get(id)
    return addresses.flatMap(({ multiaddr: address }) => {
      try {
        return [parseHint(`${String(address)}/p2p/${peer}`).text]
      } catch {
        return [] // It says what is no hint, such as a socket file: nothing to hand on.
      }
    })
  }

  /** Tells once of each peer that speaks `/http/1.1`, those already connected included, and when its last connection is gone. */
  watchPeers(listener: PeerListener): void {
    this.#listeners.add(listener)
    for (const peer of this.#askable) listener.seen(peer)
  }

  async disconnect(peer: string): Promise<void> {
    await this.#libp2p.hangUp(peerIdFromString(peer))
  }

  async stop(): Promise<void> {
    for (const carrier of this.#carriers.values()) carrier.close()
    await this.#stop()
  }

  /** Peers that were faster than we could listen for them. */
  async #lookAround(): Promise<void> {
    for (const peer of this.#libp2p.getPeers()) {
      const known = (await this.#libp2p.peerStore.has(peer)) ? await this.#libp2p.peerStore.get(peer) : null
      if (known?.protocols.includes(HTTP_PROTOCOL) === true) this.#onAskable(peer.toString())
    }
  }

  #onAskable(peer: string): void {
    // A peer may be gone before what it said of itself was read, and two connections say it twice.
    if (this.#askable.has(peer) || !this.isConnected(peer)) return
    this.#askable.add(peer)
    for (const listener of this.#listeners) listener.seen(peer)
  }

  #onGone(peer: string): void {
    this.#carriers.get(peer)?.close()
    this.#carriers.delete(peer)
    if (!this.#askable.delete(peer)) return
    for (const listener of this.#listeners) listener.lost(peer)
  }
}

interface Started {
  libp2p: Libp2p
  stop: () => Promise<void>
}

async function startPlain(config: Libp2pOptions): Promise<Started> {
  const libp2p = await createLibp2p(config)
  return { libp2p, stop: async () => await libp2p.stop() }
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
  return {
    libp2p: helia.libp2p,
    stop: async () => {
      await helia.stop()
    },
  }
}

function checkMultiaddr(text: string, purpose: string): void {
  try {
    multiaddr(text)
  } catch (cause) {
    throw new NetworkError('bad-hint', `cannot ${purpose} ${text}: that is not a multiaddr (${reasonOf(cause)})`, {
      cause,
    })
  }
}

/** @returns null when it was not for listening that the node did not start */
function listenError(listen: readonly string[], cause: unknown): NetworkError | null {
  const reasons = causesOf(cause).map((one) => `${one.name} ${one.message}`)
  const text = reasons.join(' ')
  if (!/UnsupportedListenAddress|E(?:ADDRINUSE|ADDRNOTAVAIL|ACCES)/.test(text)) return null
  const code = /E(?:ADDRINUSE|ADDRNOTAVAIL|ACCES)\b/.exec(text)?.[0]
  const why = code === 'EADDRINUSE' ? 'another program uses that port' : `the system says ${code ?? 'that it cannot'}`
  return new NetworkError('port-in-use', `cannot listen on ${listen.join(', ')}: ${why}`, { cause })
}

/** An error and all that led to it. */
function causesOf(error: unknown): Error[] {
  if (!(error instanceof Error)) return []
  const inner: unknown[] = error instanceof AggregateError ? error.errors : []
  return [error, ...[...inner, error.cause].flatMap(causesOf)]
}

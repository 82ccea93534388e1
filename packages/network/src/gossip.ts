import { createHash } from 'node:crypto'
import {
  gossipsub,
  StrictNoSign,
  TopicValidatorResult,
  type GossipSub,
  type GossipSubComponents,
} from '@libp2p/gossipsub'
import type { Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import {
  JUDGED_AT_ONCE,
  MAX_ANNOUNCEMENT_BYTES,
  MAX_GOSSIP_BACKLOG_BYTES,
  MAX_GOSSIP_BYTES,
  MAX_GOSSIP_MESSAGES,
  MAX_GOSSIP_SUBSCRIPTIONS,
  REJECTIONS_BORNE,
} from './limits.ts'
import { RejectionLedger } from './rejection-ledger.ts'

/** What a validator says of a message: passed on, dropped in silence, or dropped with a mark against the sender. */
export type GossipVerdict = 'accept' | 'ignore' | 'reject'

/** Judges the bytes of an announcement; `from` is the peer that handed it on, not its author. What it throws counts as `ignore`. */
export type GossipValidator = (bytes: Uint8Array, from: string) => Promise<GossipVerdict>

/** Score at which gossipsub hears a peer no more, and what one rejection takes from it. */
const GRAYLIST_SCORE = -80
const REJECTION_SCORE = GRAYLIST_SCORE / REJECTIONS_BORNE

/** The topic of one archive's announcements. */
function topicOf(address: string): string {
  return `/holdfast/1/${address}`
}

/** Announcements over gossipsub, one topic an archive. */
export class Gossip {
  readonly #followed = new Map<string, GossipValidator>()
  readonly #rejections = new RejectionLedger()
  /** Announcements being judged, by the peer that sent them. */
  readonly #judging = new Map<string, number>()
  /** Asked again whenever a peer may have begun to follow. */
  readonly #waiting = new Set<() => void>()
  #libp2p: Pick<Libp2p, 'getConnections'> | null = null
  #service: GossipSub | null = null

  /** The libp2p service, to be started with the node. */
  service(): (components: GossipSubComponents) => GossipSub {
    return (components) => (this.#service = gossipsub(this.#settings())(components))
  }

  /** Learns from the started node which peers can be sent to. */
  attach(libp2p: Pick<Libp2p, 'getConnections'>): void {
    this.#libp2p = libp2p
    this.#pubsub.addEventListener('subscription-change', () => this.#lookAgain())
    // Nothing tells that our own stream to a peer is open; the heartbeat, each second, is soon enough for that rare order.
    this.#pubsub.addEventListener('gossipsub:heartbeat', () => this.#lookAgain())
  }

  /** Joins an archive's topic. The validator is the only listener: what it accepts is taken and passed on. */
  follow(address: string, validate: GossipValidator): void {
    const topic = topicOf(address)
    this.#followed.set(topic, validate)
    this.#pubsub.topicValidators.set(
      topic,
      async (peer, message) => await this.#judge(topic, peer.toString(), message.data),
    )
    this.#pubsub.subscribe(topic)
  }

  /** Leaves an archive's topic. */
  unfollow(address: string): void {
    const topic = topicOf(address)
    if (!this.#followed.delete(topic)) return
    this.#pubsub.unsubscribe(topic)
    this.#pubsub.topicValidators.delete(topic)
  }

  /**
   * Sends an announcement; the archive need not be followed.
   *
   * @returns to how many peers it went at once. The same bytes again, within two minutes, go nowhere: wait for followers first
   */
  async publish(address: string, announcement: Uint8Array): Promise<number> {
    const { recipients } = await this.#pubsub.publish(topicOf(address), announcement)
    return recipients.length
  }

  /** Connected peers that follow this archive, as they told us. */
  peersFollowing(address: string): string[] {
    return this.#pubsub.getSubscribers(topicOf(address)).map(String)
  }

  /**
   * Waits until at least `count` peers follow the archive and can be sent to.
   *
   * @returns those that do; fewer than `count` when the signal ended the wait
   */
  async waitForFollowers(address: string, count: number, signal: AbortSignal): Promise<string[]> {
    const ready = (): string[] => this.peersFollowing(address).filter((peer) => this.#canBeSentTo(peer))
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = (): void => {
      if (signal.aborted || ready().length >= count) resolve()
    }
    this.#waiting.add(look)
    signal.addEventListener('abort', look)
    try {
      look()
      await promise
    } finally {
      this.#waiting.delete(look)
      signal.removeEventListener('abort', look)
    }
    return ready()
  }

  get #pubsub(): GossipSub {
    if (this.#service === null) throw new Error('gossip belongs to a node that was not made')
    return this.#service
  }

  /**
   * gossipsub as holdfast wants it. Messages carry no author, number or signature (StrictNoSign): the announcement inside is
   * signed, and a peer id in the envelope would tell from where a maintainer publishes. Equal bytes are one message.
   */
  #settings(): Parameters<typeof gossipsub>[0] {
    return {
      globalSignaturePolicy: StrictNoSign,
      msgIdFn: (message) => createHash('sha256').update(message.topic).update(message.data).digest(),
      fallbackToFloodsub: false,
      allowPublishToZeroTopicPeers: true,
      ignoreDuplicatePublishError: true,
      floodPublish: true,
      doPX: false,
      maxInboundDataLength: MAX_GOSSIP_BYTES,
      maxOutboundBufferSize: MAX_GOSSIP_BACKLOG_BYTES,
      decodeRpcLimits: {
        maxSubscriptions: MAX_GOSSIP_SUBSCRIPTIONS,
        maxMessages: MAX_GOSSIP_MESSAGES,
        maxIhaveMessageIDs: 1000,
        maxIwantMessageIDs: 1000,
        maxControlMessages: 100,
        maxIdontwantMessageIDs: 512,
        maxPeerInfos: 16,
      },
      // Without a validator gossipsub would keep and pass on whatever comes on topics that we do not follow.
      dataTransform: {
        inboundTransform: (topic, data) => this.#checkTopic(topic, data),
        outboundTransform: (_topic, data) => data,
      },
      scoreParams: {
        // Peers behind one proxy, NAT or Tor exit share an address; the default weight shrinks their mesh to nothing (facts.md).
        IPColocationFactorWeight: 0,
        // gossipsub marks rejections only in topics with score parameters, which are fixed at its start.
        appSpecificScore: (peer) => REJECTION_SCORE * this.#rejections.of(peer),
        appSpecificWeight: 1,
      },
      scoreThresholds: { graylistThreshold: GRAYLIST_SCORE },
    }
  }

  /** What throws here is dropped before it is kept. */
  #checkTopic(topic: string, data: Uint8Array): Uint8Array {
    if (!this.#followed.has(topic)) throw new Error('a topic that is not followed')
    return data
  }

  async #judge(topic: string, from: string, bytes: Uint8Array): Promise<TopicValidatorResult> {
    const validate = this.#followed.get(topic)
    const judging = this.#judging.get(from) ?? 0
    const heard = judging < JUDGED_AT_ONCE && this.#rejections.of(from) < REJECTIONS_BORNE
    if (validate === undefined || !heard) return TopicValidatorResult.Ignore
    this.#judging.set(from, judging + 1)
    try {
      const verdict = bytes.byteLength > MAX_ANNOUNCEMENT_BYTES ? 'reject' : await validate(bytes, from)
      if (verdict === 'accept') return TopicValidatorResult.Accept
      if (verdict === 'ignore') return TopicValidatorResult.Ignore
      this.#rejections.add(from)
      return TopicValidatorResult.Reject
    } finally {
      const left = (this.#judging.get(from) ?? 1) - 1
      if (left > 0) this.#judging.set(from, left)
      else this.#judging.delete(from)
    }
  }

  /** A subscription may arrive before our own stream to that peer is open, and what is published then never reaches it. */
  #canBeSentTo(peer: string): boolean {
    const connections = this.#libp2p?.getConnections(peerIdFromString(peer)) ?? []
    const streams = connections.flatMap((connection) => connection.streams)
    return streams.some((one) => one.direction === 'outbound' && this.#pubsub.protocols.includes(one.protocol))
  }

  #lookAgain(): void {
    for (const look of this.#waiting) look()
  }
}

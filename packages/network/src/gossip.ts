import { createHash } from 'node:crypto'
import {
  gossipsub,
  StrictNoSign,
  TopicValidatorResult,
  type GossipSub,
  type GossipSubComponents,
  type Message,
} from '@libp2p/gossipsub'
import { MAX_GOSSIP_BYTES } from './limits.ts'

/** What a validator says of a message: passed on, dropped in silence, or dropped with a mark against the sender. */
export type GossipVerdict = 'accept' | 'ignore' | 'reject'

/** Judges the bytes of an announcement; `from` is the peer that handed it on, not its author. */
export type GossipValidator = (bytes: Uint8Array, from: string) => Promise<GossipVerdict>

/** The topic of one archive's announcements. */
export function topicOf(address: string): string {
  return `/holdfast/1/${address}`
}

/**
 * gossipsub as holdfast wants it. Messages carry no author, number or signature (StrictNoSign): the announcement inside is
 * signed, and a peer id in the envelope would tell from where a maintainer publishes. Equal bytes are one message.
 */
export function gossipService(): (components: GossipSubComponents) => GossipSub {
  return gossipsub({
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: (message: Message) => createHash('sha256').update(message.topic).update(message.data).digest(),
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    floodPublish: true,
    doPX: false,
    maxInboundDataLength: MAX_GOSSIP_BYTES,
    // Peers behind one proxy, NAT or Tor exit share an address; the default weight shrinks their mesh to nothing (facts.md).
    scoreParams: { IPColocationFactorWeight: 0 },
  })
}

/** Announcements over gossipsub, one topic an archive. */
export class Gossip {
  readonly #pubsub: GossipSub

  constructor(pubsub: GossipSub) {
    this.#pubsub = pubsub
  }

  /** Joins an archive's topic. The validator is the only listener: what it accepts is taken and passed on. */
  follow(address: string, validate: GossipValidator): void {
    const topic = topicOf(address)
    this.#pubsub.topicValidators.set(topic, async (peer, message) => {
      const verdict = await validate(message.data, peer.toString())
      if (verdict === 'accept') return TopicValidatorResult.Accept
      return verdict === 'ignore' ? TopicValidatorResult.Ignore : TopicValidatorResult.Reject
    })
    this.#pubsub.subscribe(topic)
  }

  /** Leaves an archive's topic. */
  unfollow(address: string): void {
    const topic = topicOf(address)
    this.#pubsub.unsubscribe(topic)
    this.#pubsub.topicValidators.delete(topic)
  }

  /** Sends an announcement; returns to how many peers it went at once. The same bytes again go nowhere. */
  async publish(address: string, announcement: Uint8Array): Promise<number> {
    const { recipients } = await this.#pubsub.publish(topicOf(address), announcement)
    return recipients.length
  }

  /** Peers that we know to follow this archive. */
  followers(address: string): string[] {
    return this.#pubsub.getSubscribers(topicOf(address)).map(String)
  }
}

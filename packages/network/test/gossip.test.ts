/** Announcements between real nodes. An HTTP request over the same connection tells when what was sent before has arrived. */
import { expect, it } from 'vitest'
import type { GossipValidator, PeerNode } from '../src/index.ts'
import { MAX_ANNOUNCEMENT_BYTES, REJECTIONS_BORNE } from '../src/limits.ts'
import { connect, startNode } from './live-peers.ts'

const ARCHIVE = 'archive-1'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

interface Mirror {
  node: PeerNode
  /** What its validator was asked about, in order. */
  heard: string[]
  hears(text: string): Promise<void>
}

/** A node with gossip that answers HTTP; what begins with "bad" it rejects, what begins with "old" it ignores. */
async function startMirror({ follows = true, listen = ['/ip4/127.0.0.1/tcp/0'] } = {}): Promise<Mirror> {
  const node = await startNode({ listen, gossip: true, serve: (_request, response) => response.end() })
  const heard: string[] = []
  const waiting = new Map<string, () => void>()
  const validate: GossipValidator = async (data) => {
    await Promise.resolve()
    const text = new TextDecoder().decode(data)
    heard.push(text.slice(0, 20))
    waiting.get(text)?.()
    if (text.startsWith('bad')) return 'reject'
    return text.startsWith('old') ? 'ignore' : 'accept'
  }
  if (follows) node.gossip.follow(ARCHIVE, validate)
  const hears = async (text: string): Promise<void> => {
    await new Promise<void>((resolve) => {
      if (heard.includes(text)) resolve()
      else waiting.set(text, resolve)
    })
  }
  return { node, heard, hears }
}

async function followers(mirror: Mirror, count: number): Promise<string[]> {
  return await mirror.node.gossip.waitForFollowers(ARCHIVE, count, AbortSignal.timeout(10_000))
}

it('what is accepted is passed on, what is ignored or rejected is not', async () => {
  const [alice, bob, carol] = [await startMirror(), await startMirror(), await startMirror()]
  await connect(alice.node, bob.node)
  await connect(bob.node, carol.node)
  expect(await followers(alice, 1)).toEqual([bob.node.peerId])
  expect((await followers(bob, 2)).toSorted()).toEqual([alice.node.peerId, carol.node.peerId].toSorted())
  await followers(carol, 1)
  for (const text of ['bad one', 'old one', 'good one'])
    expect(await alice.node.gossip.publish(ARCHIVE, bytes(text))).toBe(1)
  await carol.hears('good one')
  expect(bob.heard).toEqual(['bad one', 'old one', 'good one'])
  expect(carol.heard).toEqual(['good one'])
  expect(alice.heard).toEqual([])
  expect(await alice.node.gossip.publish(ARCHIVE, bytes('good one'))).toBe(0)
})

it('a publisher that follows nothing waits for followers and reaches them', async () => {
  const mirror = await startMirror({ follows: false })
  const publisher = await startMirror({ follows: false, listen: [] })
  await connect(publisher.node, mirror.node)
  const waiting = followers(publisher, 1)
  const heard = new Promise((resolve) => {
    mirror.node.gossip.follow(ARCHIVE, async (data, from) => {
      resolve({ text: new TextDecoder().decode(data), from })
      return await Promise.resolve('accept')
    })
  })
  expect(await waiting).toEqual([mirror.node.peerId])
  expect(publisher.node.gossip.peersFollowing(ARCHIVE)).toEqual([mirror.node.peerId])
  expect(publisher.node.gossip.peersFollowing('archive-2')).toEqual([])
  expect(await publisher.node.gossip.publish(ARCHIVE, bytes('first'))).toBe(1)
  expect(await heard).toEqual({ text: 'first', from: publisher.node.peerId })
})

it('waiting for followers ends with its signal', async () => {
  const lonely = await startMirror()
  const controller = new AbortController()
  const waiting = lonely.node.gossip.waitForFollowers(ARCHIVE, 1, controller.signal)
  controller.abort()
  expect(await waiting).toEqual([])
  expect(await lonely.node.gossip.publish(ARCHIVE, bytes('into the void'))).toBe(0)
})

it('who follows late hears what is said from then on, who leaves hears no more', async () => {
  const [alice, late] = [await startMirror(), await startMirror({ follows: false })]
  await connect(late.node, alice.node)
  await alice.node.gossip.publish(ARCHIVE, bytes('before'))
  const heard: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  late.node.gossip.follow(ARCHIVE, async (data) => {
    heard.push(new TextDecoder().decode(data))
    resolve()
    return await Promise.resolve('accept')
  })
  await followers(alice, 1)
  await alice.node.gossip.publish(ARCHIVE, bytes('after'))
  await promise
  expect(heard).toEqual(['after'])
  late.node.gossip.unfollow(ARCHIVE)
  await barrier(late, alice)
  expect(await alice.node.gossip.publish(ARCHIVE, bytes('later'))).toBe(0)
})

it('more than ten followers behind one address all hear each other', async () => {
  const hub = await startMirror()
  const others = await Promise.all(Array.from({ length: 12 }, async () => await startMirror()))
  await Promise.all(others.map(async (other) => await connect(other.node, hub.node)))
  await followers(hub, 12)
  await Promise.all(others.map(async (other) => await followers(other, 1)))
  await hub.node.gossip.publish(ARCHIVE, bytes('from the hub'))
  await others[0]?.node.gossip.publish(ARCHIVE, bytes('from one'))
  await Promise.all(others.map(async (other) => await other.hears('from the hub')))
  await Promise.all(others.slice(1).map(async (other) => await other.hears('from one')))
})

it('a peer that keeps sending what is rejected is not listened to, others are', async () => {
  const [mirror, eve, alice] = [await startMirror(), await startMirror(), await startMirror()]
  await connect(eve.node, mirror.node)
  await connect(alice.node, mirror.node)
  await followers(eve, 1)
  await followers(alice, 1)
  for (let i = 0; i < REJECTIONS_BORNE + 2; i++) {
    await eve.node.gossip.publish(ARCHIVE, bytes(`bad ${i}`))
    await barrier(eve, mirror)
  }
  await eve.node.gossip.publish(ARCHIVE, bytes('good at last'))
  await barrier(eve, mirror)
  await alice.node.gossip.publish(ARCHIVE, bytes('good'))
  await mirror.hears('good')
  expect(mirror.heard.slice(-2)).toEqual([`bad ${REJECTIONS_BORNE}`, 'good'])
  expect(alice.heard).toEqual([])
})

it('what is too large or of no archive that is followed is not judged', async () => {
  const [mirror, eve] = [await startMirror(), await startMirror()]
  await connect(eve.node, mirror.node)
  await followers(eve, 1)
  await eve.node.gossip.publish(ARCHIVE, new Uint8Array(MAX_ANNOUNCEMENT_BYTES + 1).fill(1))
  await eve.node.gossip.publish(ARCHIVE, new Uint8Array(MAX_ANNOUNCEMENT_BYTES).fill(0x78))
  await mirror.hears('x'.repeat(MAX_ANNOUNCEMENT_BYTES))
  expect(mirror.heard).toEqual(['x'.repeat(20)])
})

/** Resolves when `to` has taken what `from` sent before. */
async function barrier(from: Mirror, to: Mirror): Promise<void> {
  const { body } = await from.node.carrier(to.node.peerId).request({ path: '' })
  for await (const chunk of body) expect(chunk).toBeDefined()
}

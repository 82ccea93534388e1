/** A maintainer behind a NAT calls a mirror, and the mirror asks the maintainer over that same connection. */
import type { RequestListener } from 'node:http'
import { expect, it } from 'vitest'
import { readSmallBody } from '../src/carrier/carrier.ts'
import type { Carrier } from '../src/index.ts'
import { connect, seen, startBareLibp2p, startNode } from './live-peers.ts'

/** Answers with its own name and with who asks. */
function says(name: string): RequestListener {
  return (request, response) => {
    const { remotePeer } = request.socket as unknown as { remotePeer: string }
    response.end(JSON.stringify({ name, remotePeer }))
  }
}

async function ask(carrier: Carrier): Promise<unknown> {
  const { body } = await carrier.request({ path: 'who' })
  return JSON.parse(String(await readSmallBody('peer', body, 1000)))
}

it('both ask over the one connection', async () => {
  const mirror = await startNode({ serve: says('mirror') })
  const maintainer = await startNode({ listen: [], serve: says('maintainer') })
  expect(maintainer.multiaddrs).toEqual([])
  const toMirror = await connect(maintainer, mirror)
  await seen(mirror, maintainer.peerId)
  const toMaintainer = mirror.carrier(maintainer.peerId)
  const answers = Array.from({ length: 20 }, async (_, i) => await ask(i % 2 === 0 ? toMirror : toMaintainer))
  for (const [i, answer] of (await Promise.all(answers)).entries())
    expect(answer).toEqual(
      i % 2 === 0
        ? { name: 'mirror', remotePeer: maintainer.peerId }
        : { name: 'maintainer', remotePeer: mirror.peerId },
    )
  expect(mirror.scopeOf(maintainer.peerId)).toBe('loopback')
})

it('who comes and goes is told once, also to whoever listens late', async () => {
  const mirror = await startNode({ serve: says('mirror') })
  const caller = await startNode({ listen: [], serve: says('caller') })
  await connect(caller, mirror)
  await seen(mirror, caller.peerId)
  const told: string[] = []
  const { promise: gone, resolve } = Promise.withResolvers<void>()
  const lost = (peer: string): void => {
    told.push(`lost ${peer}`)
    resolve()
  }
  mirror.watchPeers({ seen: (peer) => told.push(`seen ${peer}`), lost })
  await caller.disconnect(mirror.peerId)
  await gone
  expect(told).toEqual([`seen ${caller.peerId}`, `lost ${caller.peerId}`])
  expect(mirror.isConnected(caller.peerId)).toBe(false)
  expect(mirror.scopeOf(caller.peerId)).toBeNull()
})

it('a carrier outlives its connection and uses the next one', async () => {
  const mirror = await startNode({ serve: says('mirror') })
  const caller = await startNode({ listen: [] })
  const carrier = await connect(caller, mirror)
  await ask(carrier)
  await caller.disconnect(mirror.peerId)
  expect(await ask(carrier)).toMatchObject({ name: 'mirror' })
})

it('a peer that is not connected and has no known address cannot be asked', async () => {
  const caller = await startNode({ listen: [] })
  const stranger = await startNode({ listen: [] })
  await expect(caller.carrier(stranger.peerId).request({ path: 'x' })).rejects.toMatchObject({ code: 'unreachable' })
  await expect(caller.connect(stranger.peerId, [])).rejects.toMatchObject({ code: 'unreachable' })
})

it('a peer that does not speak HTTP is neither told of nor asked', async () => {
  const other = await startBareLibp2p()
  const node = await startNode({ listen: [] })
  const told: string[] = []
  node.watchPeers({ seen: (peer) => told.push(peer), lost: (peer) => told.push(peer) })
  const carrier = await node.connect(other.peerId.toString(), other.getMultiaddrs())
  await expect(carrier.request({ path: 'x' })).rejects.toMatchObject({ code: 'unreachable' })
  expect(told).toEqual([])
})

/** Nothing reaches outside: only addresses that were named to `connect` are dialled. */
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it } from 'vitest'
import { DialGuard } from '../src/dial-guard.ts'
import { addressesOf, connect, seen, startNode } from './live-peers.ts'

const PEER = '12D3KooWQ2z2CCcH3tZKBd9kTGnLkhR4qnxX8HvjtCEqdkrHFhjK'

function denies(guard: DialGuard, text: string): boolean | undefined {
  return guard.gater().denyDialMultiaddr?.(multiaddr(text)) as boolean | undefined
}

it('lets an address be dialled with and without its peer id, and no other', () => {
  const refused: string[] = []
  const guard = new DialGuard((address) => refused.push(address))
  guard.allow(multiaddr(`/ip4/10.0.0.1/tcp/4001/p2p/${PEER}`), false)
  expect(denies(guard, '/ip4/10.0.0.1/tcp/4001')).toBe(false)
  expect(denies(guard, `/ip4/10.0.0.1/tcp/4001/p2p/${PEER}`)).toBe(false)
  for (const other of [
    '/ip4/10.0.0.1/tcp/4002',
    '/ip4/10.0.0.2/tcp/4001',
    '/ip4/10.0.0.1/tcp/4001/ws',
    '/dns4/a.example/tcp/4001',
  ])
    expect(denies(guard, other)).toBe(true)
  expect(refused).toEqual([
    '/ip4/10.0.0.1/tcp/4002',
    '/ip4/10.0.0.2/tcp/4001',
    '/ip4/10.0.0.1/tcp/4001/ws',
    '/dns4/a.example/tcp/4001',
  ])
})

it('remembers which names may lead inside', () => {
  const guard = new DialGuard()
  guard.allow(multiaddr('/dns4/by-hand.example/tcp/1'), true)
  guard.allow(multiaddr('/dns4/from-a-link.example/tcp/1'), false)
  expect(guard.mayLeadInside('by-hand.example')).toBe(true)
  expect(guard.mayLeadInside('from-a-link.example')).toBe(false)
})

it('an address learnt from identify is known and never dialled', async () => {
  const refused: string[] = []
  const mirror = await startNode({
    serve: (_request, response) => response.end(),
    onRefusedDial: (address) => refused.push(address),
  })
  const other = await startNode({ serve: (_request, response) => response.end('here') })
  await connect(other, mirror)
  await seen(mirror, other.peerId)
  expect(await mirror.addressesOf(other.peerId)).toEqual(other.multiaddrs)
  const gone = lostOf(mirror, other.peerId)
  await other.disconnect(mirror.peerId)
  await gone
  await expect(mirror.carrier(other.peerId).request({ path: 'x' })).rejects.toMatchObject({ code: 'unreachable' })
  expect(refused).toEqual(addressesOf(other).map((address) => String(address).replace(/\/p2p\/.*/, '')))
  expect(mirror.isConnected(other.peerId)).toBe(false)
  // Named by somebody, it may be dialled, then and later.
  await connect(mirror, other)
  await mirror.disconnect(other.peerId)
  expect((await mirror.carrier(other.peerId).request({ path: 'x' })).status).toBe(200)
})

it('a name that leads inside is dialled only when it was given by hand', async () => {
  const mirror = await startNode()
  const caller = await startNode({ listen: [] })
  const port = /\/tcp\/(\d+)/.exec(mirror.multiaddrs.join(''))?.[1]
  const named = [multiaddr(`/dns4/localhost/tcp/${port}/p2p/${mirror.peerId}`)]
  await expect(caller.connect(mirror.peerId, named)).rejects.toMatchObject({ code: 'private-address' })
  expect(caller.isConnected(mirror.peerId)).toBe(false)
  await caller.connect(mirror.peerId, named, undefined, { allowPrivate: true })
  expect(caller.isConnected(mirror.peerId)).toBe(true)
})

async function lostOf(node: Awaited<ReturnType<typeof startNode>>, peer: string): Promise<void> {
  await new Promise<void>((resolve) => {
    node.watchPeers({ seen: () => {}, lost: (one) => one === peer && resolve() })
  })
}

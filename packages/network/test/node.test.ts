import crypto from 'node:crypto'
import { createServer, type AddressInfo } from 'node:net'
import type { IdentifyResult } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it, onTestFinished, vi } from 'vitest'
import { readSmallBody } from '../src/carrier/carrier.ts'
import { newPeerKey, PeerNode } from '../src/index.ts'
import { addressesOf, connect, seen, startBareLibp2p, startNode } from './live-peers.ts'

it('a taken port is named', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => void server.close())
  const listen = [`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`]
  const taken = { code: 'port-in-use', message: `cannot listen on ${listen.join('')}: another program uses that port` }
  await expect(PeerNode.start({ listen })).rejects.toMatchObject(taken)
  await expect(PeerNode.start({ listen, bitswap: {} as never })).rejects.toMatchObject(taken)
})

it('an address of another machine cannot be listened on', async () => {
  const failed = PeerNode.start({ listen: ['/ip4/192.0.2.1/tcp/0'] })
  await expect(failed).rejects.toMatchObject({ code: 'port-in-use', message: expect.stringContaining('EADDRNOTAVAIL') })
})

it.each([{ listen: ['127.0.0.1:4001'] }, { announce: ['/ip4/1.2.3'] }])('%o is no multiaddr', async (settings) => {
  await expect(PeerNode.start(settings)).rejects.toMatchObject({ code: 'bad-hint' })
})

it('a kept key gives the same peer id, none a fresh one', async () => {
  const peerKey = await newPeerKey()
  const first = await startNode({ listen: [], peerKey })
  const second = await startNode({ listen: [], peerKey })
  const fresh = await startNode({ listen: [] })
  expect(second.peerId).toBe(first.peerId)
  expect(fresh.peerId).not.toBe(first.peerId)
})

it('identify names no software, and only addresses that were chosen', async () => {
  const announce = ['/dns4/mirror.example/tcp/443']
  const observer = await startBareLibp2p()
  const identified = new Promise<IdentifyResult>((resolve) => {
    observer.addEventListener('peer:identify', ({ detail }) => resolve(detail))
  })
  const node = await startNode({ announce, serve: (_request, response) => response.end(), gossip: true })
  expect(node.multiaddrs).toEqual([`${announce.join('')}/p2p/${node.peerId}`])
  await node.connect(observer.peerId.toString(), observer.getMultiaddrs())
  const { agentVersion, protocolVersion, listenAddrs, signedPeerRecord, protocols } = await identified
  expect({ agentVersion, protocolVersion }).toEqual({ agentVersion: 'libp2p', protocolVersion: 'ipfs/0.1.0' })
  expect(listenAddrs.map(String)).toEqual(announce)
  expect(signedPeerRecord?.addresses.map(String)).toEqual(announce)
  expect(protocols).toEqual(['/http/1.1', '/ipfs/id/1.0.0', '/meshsub/1.0.0', '/meshsub/1.1.0', '/meshsub/1.2.0'])
})

it('a node that only calls out tells no address', async () => {
  const observer = await startNode({ serve: (_request, response) => response.end() })
  const caller = await startNode({ listen: [], serve: (_request, response) => response.end() })
  await connect(caller, observer)
  await seen(observer, caller.peerId)
  expect(await observer.addressesOf(caller.peerId)).toEqual([])
  expect(await caller.addressesOf(observer.peerId)).toEqual(observer.multiaddrs)
})

it('what a peer claims as its address is handed on only when it is a hint', async () => {
  const claims = ['/unix/%2Frun%2Fsecret.sock', '/dnsaddr/example.org', '/ip4/127.0.0.1/tcp/4001']
  const liar = await startBareLibp2p({ addresses: { listen: ['/ip4/127.0.0.1/tcp/0'], announce: claims } })
  const known = new Promise((resolve) => {
    liar.addEventListener('peer:identify', resolve)
  })
  const node = await startNode({ serve: (_request, response) => response.end() })
  await liar.handle('/http/1.1', () => {})
  await liar.dial(multiaddr(node.multiaddrs[0]))
  await known
  await seen(node, liar.peerId.toString())
  expect(await node.addressesOf(liar.peerId.toString())).toEqual([
    `/ip4/127.0.0.1/tcp/4001/p2p/${liar.peerId.toString()}`,
  ])
})

it('many peers behind one address are taken at once', async () => {
  const mirror = await startNode({ serve: (_request, response) => response.end('here') })
  const callers = await Promise.all(Array.from({ length: 16 }, async () => await startNode({ listen: [] })))
  const carriers = await Promise.all(callers.map(async (caller) => await connect(caller, mirror)))
  const answers = carriers.map(
    async (carrier) => await readSmallBody('peer', (await carrier.request({ path: 'x' })).body, 10),
  )
  expect((await Promise.all(answers)).map(String)).toEqual(Array.from({ length: 16 }, () => 'here'))
})

it('a dead address, one of another peer and an aborted call are told apart', async () => {
  const [mirror, other] = [await startNode(), await startNode()]
  const caller = await startNode({ listen: [] })
  const dead = caller.connect(mirror.peerId, [multiaddr('/ip4/127.0.0.1/tcp/1')])
  await expect(dead).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('/ip4/127.0.0.1/tcp/1 '),
  })
  await expect(caller.connect(mirror.peerId, addressesOf(other))).rejects.toMatchObject({ code: 'unreachable' })
  const wrongPeer = multiaddr(String(addressesOf(other)[0]).replace(/\/p2p\/.*/, ''))
  await expect(caller.connect(mirror.peerId, [wrongPeer])).rejects.toMatchObject({ code: 'unreachable' })
  const aborted = caller.connect(mirror.peerId, addressesOf(mirror), AbortSignal.abort())
  await expect(aborted).rejects.toMatchObject({ code: 'cancelled' })
  // One address that answers is enough.
  await caller.connect(mirror.peerId, [multiaddr('/ip4/127.0.0.1/tcp/1'), ...addressesOf(mirror)])
  expect(caller.isConnected(mirror.peerId)).toBe(true)
})

it('stops at once, whatever is under way', async () => {
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  const mirror = await PeerNode.start({ listen: ['/ip4/127.0.0.1/tcp/0'], serve: () => resolve() })
  const carrier = await connect(await startNode({ listen: [] }), mirror)
  const waiting = carrier.request({ path: 'long-poll' })
  await asked
  await mirror.stop()
  await expect(waiting).rejects.toMatchObject({ code: 'unreachable' })
})

it('bulk data is ciphered by OpenSSL, not in JavaScript, and OpenSSL parses each key once', async () => {
  const cipher = vi.spyOn(crypto, 'createDecipheriv')
  const keys = vi.spyOn(crypto, 'createSecretKey')
  onTestFinished(() => [cipher, keys].forEach((spy) => spy.mockRestore()))
  const mirror = await startNode({ serve: (_request, response) => response.end(new Uint8Array(2_000_000)) })
  const carrier = await connect(await startNode({ listen: [] }), mirror)
  await readSmallBody('peer', (await carrier.request({ path: 'x' })).body, 2_000_000)
  const bulk = cipher.mock.calls.filter(([algorithm]) => algorithm === 'chacha20-poly1305')
  // noise frames hold at most 64 KiB.
  expect(bulk.length).toBeGreaterThanOrEqual(Math.floor(2_000_000 / 65_535))
  expect(keys.mock.calls.length).toBeLessThanOrEqual(4)
})

/** Any IPFS node gets blocks over bitswap, by nothing but a connection. */
import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { createHeliaLight } from 'helia'
import type { Blockstore } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'
import { expect, it, onTestFinished } from 'vitest'
import { addressesOf, BARE_LIBP2P, seen, startNode } from './live-peers.ts'
import { MemoryBlocks, sampleBlocks } from './memory-blocks.ts'

const BLOCKS = sampleBlocks(20, 100_000)

/** What bitswap asks of a store. */
function readOnly(blocks: MemoryBlocks): Blockstore {
  async function* get(cid: CID): AsyncGenerator<Uint8Array> {
    yield (await blocks.get(cid)) ?? new Uint8Array()
  }
  return { has: async (cid: CID) => await blocks.has(cid), get } as unknown as Blockstore
}

it('serves a stranger, tells no software, and serves HTTP beside it', async () => {
  const mirror = await startNode({
    bitswap: readOnly(MemoryBlocks.of(BLOCKS)),
    serve: (_request, response) => response.end(),
  })
  const helia = withBitswap(withLibp2pLight(createHeliaLight(), { ...BARE_LIBP2P, addresses: { listen: [] } }))
  await helia.start()
  onTestFinished(async () => void (await helia.stop()))
  const identified = new Promise<{ agentVersion?: string; protocols: string[] }>((resolve) => {
    helia.libp2p.addEventListener('peer:identify', ({ detail }) => resolve(detail))
  })
  await helia.libp2p.dial(addressesOf(mirror))
  expect(await identified).toMatchObject({
    agentVersion: 'libp2p',
    protocols: ['/http/1.1', '/ipfs/bitswap/1.2.0', '/ipfs/id/1.0.0'],
  })
  for (const { cid, bytes } of BLOCKS) {
    const got: Uint8Array[] = []
    for await (const chunk of helia.blockstore.get(cid)) got.push(chunk)
    expect(Buffer.compare(Buffer.concat(got), bytes)).toBe(0)
  }
})

it('a reader that connects to such a node asks it over HTTP', async () => {
  const mirror = await startNode({
    bitswap: readOnly(MemoryBlocks.of([])),
    serve: (_request, response) => response.end('here'),
  })
  const reader = await startNode({ listen: [] })
  await reader.connect(mirror.peerId, addressesOf(mirror))
  await seen(reader, mirror.peerId)
  expect((await reader.carrier(mirror.peerId).request({ path: 'x' })).status).toBe(200)
})

/** What a mirror serves to programs that know nothing of holdfast: bitswap, and a trustless gateway. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { TestWorld, type TestMirror } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const TEXT = 'a text of some length. '.repeat(1000)

describe('a mirror serves', () => {
  const world = new TestWorld()
  let mirror: TestMirror
  let address: string
  let cid: string

  beforeAll(async () => {
    const maintainer = await world.maintainer()
    ;({ address } = maintainer)
    mirror = await world.mirror('mirror', [maintainer.link])
    mkdirSync(world.path('content', 'folder'), { recursive: true })
    writeFileSync(world.path('content', 'folder', 'text.txt'), TEXT)
    const published = await world.done(['publish', world.path('content'), '-m', 'One', '--to', mirror.hint], {
      home: maintainer.home,
    })
    cid = String(published['cid'])
  })

  afterAll(async () => await world.close())

  it('a stock helia over bitswap', async () => {
    const helia = withBitswap(
      withLibp2pLight(createHeliaLight(), {
        addresses: { listen: [] },
        transports: [tcp()],
        connectionEncrypters: [noise()],
        streamMuxers: [yamux()],
        services: { identify: identify() },
      }),
    )
    await helia.start()
    try {
      await helia.libp2p.dial(multiaddr(mirror.hint))
      const parts: Uint8Array[] = []
      for await (const part of unixfs(helia).cat(CID.parse(cid), { path: 'folder/text.txt' })) parts.push(part)
      expect(Buffer.concat(parts).toString()).toBe(TEXT)
    } finally {
      await helia.stop()
    }
  })

  it('raw blocks and CARs over HTTP', async () => {
    const raw = await fetch(`${mirror.gateway}/ipfs/${cid}?format=raw`)
    expect(raw.status).toBe(200)
    expect(raw.headers.get('content-type')).toContain('application/vnd.ipld.raw')
    const digest = await sha256.digest(new Uint8Array(await raw.arrayBuffer()))
    expect(digest.bytes).toEqual(CID.parse(cid).multihash.bytes)
    const car = await fetch(`${mirror.gateway}/ipfs/${cid}/folder?format=car`)
    expect(car.headers.get('content-type')).toContain('application/vnd.ipld.car')
    expect(Buffer.from(await car.arrayBuffer()).includes(TEXT)).toBe(true)
    expect(
      (await fetch(`${mirror.gateway}/ipfs/bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy?format=raw`))
        .status,
    ).toBe(404)
  })

  it('the archive as a TUF repository', async () => {
    const base = `${mirror.gateway}/archives/${address}`
    for (const name of ['1.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json']) {
      const answer = await fetch(`${base}/metadata/${name}`)
      expect(answer.status, name).toBe(200)
      expect(await answer.json()).toHaveProperty('signatures')
    }
    const { signed } = (await (await fetch(`${base}/metadata/1.targets.json`)).json()) as {
      signed: { targets: { archive: { hashes: { sha256: string } } } }
    }
    const target = await fetch(`${base}/targets/${signed.targets.archive.hashes.sha256}.archive`)
    expect(target.status).toBe(200)
  })

  it('nothing that names it to a stranger', async () => {
    const front = await fetch(`${mirror.gateway}/`)
    const headers = [...front.headers].flat().join(' ').toLowerCase()
    expect(headers + (await front.text()).toLowerCase()).not.toMatch(/holdfast|hono|node|ipfs|libp2p/)
  })
})

/** Stock TUF clients at a mirror that runs as a process of its own, through changes of keys (trust.md, "Metadata as a TUF repository"). */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Publisher, testContent, testSigners, TestWorld, type TestMirror } from '@holdfast/testkit'
import { toHex } from 'multiformats/bytes'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seenBy, VISITING_CLIENTS } from './visiting-clients.ts'

const here = VISITING_CLIENTS.filter(({ problem }) => problem === null)
for (const { name, problem } of VISITING_CLIENTS) {
  if (problem !== null) console.warn(`NOT TESTED: a stock ${name} at a running mirror, because ${problem}`)
}

describe('an archive that two of three must sign, of which the mirror has the metadata alone', () => {
  const world = new TestWorld()
  let alice: Publisher
  let base: string

  beforeAll(async () => {
    alice = await Publisher.create({ now: new Date(), maintainers: 3, threshold: 2 })
    const mirror = await world.mirror('mirror', [alice.address])
    base = `${mirror.gateway}/archives/${alice.address}`
  })

  afterAll(async () => await world.close())

  async function announce(text: string): Promise<{ length: number; sha256: string }> {
    await alice.release(text)
    const answer = await fetch(`${base}/announcement`, { method: 'POST', body: Buffer.from(alice.bytes()) })
    expect(answer.status, await answer.text()).toBe(202)
    const { cid, rootBlockSize } = await testContent(text)
    return { length: rootBlockSize, sha256: toHex(cid.multihash.digest) }
  }

  it('is followed through two changes of all keys, step by step and at once', async () => {
    const first = await announce('one')
    for (const client of here) {
      expect(await seenBy(client, world.path(client.name), base), client.name).toEqual({ root: 1, ...first })
    }
    let last = first
    for (const step of [1, 2]) {
      await alice.rotate(await testSigners(10 + step, 3))
      last = await announce(`after change ${step}`)
      for (const client of here) {
        expect(await seenBy(client, world.path(client.name), base), client.name).toEqual({ root: 1 + step, ...last })
      }
    }
    for (const client of here) {
      expect(await seenBy(client, world.path(`late-${client.name}`), base), client.name).toEqual({ root: 3, ...last })
    }
  })

  it('is not had from a mirror that holds no block of it', async () => {
    for (const client of here) {
      await expect(seenBy(client, world.path(`hasty-${client.name}`), base, true), client.name).rejects.toThrow()
    }
  })
})

describe('an archive that was published to the mirror, and whose keys then changed twice', () => {
  const world = new TestWorld()
  let mirror: TestMirror
  let base: string
  let address: string
  let cid: string

  beforeAll(async () => {
    const alice = await world.maintainer('alice')
    ;({ address } = alice)
    mirror = await world.mirror('mirror', [alice.link])
    base = `${mirror.gateway}/archives/${address}`
    mkdirSync(world.path('content'))
    writeFileSync(world.path('content', 'list.md'), '| Company | Hours |\n')
    const to = ['--to', mirror.hint]
    const published = await world.done(['publish', world.path('content'), '-m', 'One', ...to], { home: alice.home })
    cid = String(published['cid'])
    await mirror.program.event('served', 1)

    // Somebody joins, and leaves again.
    const bob = await world.maintainer('bob')
    const { maintainers: keys } = await world.done(['maintainers'], { home: bob.home })
    for (const verb of ['add', 'remove']) {
      const changed = await world.done(['maintainers', verb, String(keys[0]), ...to], { home: alice.home })
      expect(changed['announcedTo']).toHaveLength(1)
    }
  })

  afterAll(async () => await world.close())

  it('is verified down to the bytes of its root block', async () => {
    for (const client of here) {
      const folder = world.path(client.name)
      const seen = await seenBy(client, folder, base, true)
      const block = readFileSync(join(folder, 'archive'))
      const digest = await sha256.digest(block)
      expect(digest.bytes, client.name).toEqual(CID.parse(cid).multihash.bytes)
      expect(seen, client.name).toEqual({ root: 3, length: block.length, sha256: toHex(digest.digest) })
    }
  })
})

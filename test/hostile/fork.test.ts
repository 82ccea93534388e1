/** Two releases under one version, both fully signed: the first stays, both are kept, and everybody is told, with a proof. */
import { parseForkProof, verifyForkProof } from '@holdfast/release'
import { Publisher, TestWorld, type TestMirror } from '@holdfast/testkit'
import { afterAll, describe, expect, it } from 'vitest'

describe('a fork', () => {
  const world = new TestWorld()
  afterAll(async () => await world.close())

  const hand = async ({ gateway }: TestMirror, { address }: Publisher, bytes: Uint8Array): Promise<Response> =>
    await fetch(`${gateway}/archives/${address}/announcement`, { method: 'POST', body: new Uint8Array(bytes) })

  it('is refused where the first branch is held, and known to all mirrors and readers', async () => {
    const alice = await Publisher.create({ now: new Date() })
    const { address } = alice
    const one = await world.mirror('one', [address])
    const two = await world.mirror('two', [address, '--from', one.hint])
    const bob = alice.branch()
    await alice.release('a branch')
    await bob.release('another branch')
    expect((await hand(one, alice, alice.bytes())).status).toBe(202)
    await two.program.event('announced', 1)
    expect((await hand(one, alice, bob.bytes())).status).toBe(409)

    for (const { program } of [one, two]) {
      await program.line((line) => line['event'] === 'warning' && line['code'] === 'fork' && line['release'] === 1)
    }
    expect((await world.done(['status'], { home: two.home }))['archives'][0]).toMatchObject({ verified: 1, forks: [1] })
    const proof = new Uint8Array(await (await fetch(`${two.gateway}/archives/${address}/fork`)).arrayBuffer())
    const parsed = parseForkProof(proof)
    expect(parsed.ok && (await verifyForkProof(parsed.proof))).toMatchObject({ ok: true, version: 1, address })

    const log = await world.run(['log', address, '--from', two.hint], { home: world.path('reader') })
    expect(log.json).toMatchObject({ forks: [{ release: 1 }] })
    expect(log.stderr).toContain('TWO DIFFERENT RELEASES ARE SIGNED AS RELEASE 1')

    // A proof alone convinces a mirror that heard nothing else, and outlives a restart there.
    const three = await world.mirror('three', [address])
    expect((await hand(three, alice, proof)).status).toBe(202)
    expect((await hand(three, alice, proof)).status).toBe(200)
    await three.program.kill()
    const again = await world.mirror('three', [])
    expect((await world.done(['status'], { home: again.home }))['archives'][0]).toMatchObject({ forks: [1] })
  })

  it('is healed by the next release, on both branches', async () => {
    const alice = await Publisher.create({ now: new Date(), seed: 2 })
    const one = await world.mirror('healed', [alice.address])
    const bob = alice.branch()
    await alice.release('a branch')
    await bob.release('another branch')
    await hand(one, alice, alice.bytes())
    await hand(one, alice, bob.bytes())
    await bob.release('after both')
    expect((await hand(one, alice, bob.bytes())).status).toBe(202)
    await one.program.line((line) => line['event'] === 'warning' && line['code'] === 'other-branch')
    expect((await world.done(['status'], { home: one.home }))['archives'][0]).toMatchObject({ verified: 2, forks: [1] })
  })

  it('that is made up convinces nobody', async () => {
    const alice = await Publisher.create({ now: new Date(), seed: 3 })
    const mallory = await Publisher.create({ now: new Date(), seed: 4 })
    const one = await world.mirror('unmoved', [alice.address])
    await alice.release('the release')
    await hand(one, alice, alice.bytes())
    await mallory.release('something else')
    expect((await hand(one, alice, mallory.bytes())).status).toBe(422)
    expect((await world.done(['status'], { home: one.home }))['archives'][0]).toMatchObject({ verified: 1, forks: [] })
  })
})

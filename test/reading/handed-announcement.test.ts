/** What a file of signed metadata proves to somebody who holds nothing, older metadata, or newer. */
import { encodeAnnouncement, encodeForkProof, openState, type ReleaseInfo, type TrustedState } from '@holdfast/release'
import { Publisher, testSigners } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { judgeHanded, type HeldArchive } from '../../src/reading/handed-announcement.ts'

const NOW = new Date('2026-03-02T12:00:00Z')

/** @param kept releases of the past */
async function held(state: TrustedState, kept: ReleaseInfo[] = []): Promise<HeldArchive> {
  const find = async (version: number): Promise<ReleaseInfo | null> =>
    kept.find((release) => release.version === version) ?? null
  return { state, release: await releaseIn(state), kept: find }
}

async function releaseIn(state: TrustedState): Promise<ReleaseInfo | null> {
  const opened = await openState(state, NOW)
  return opened.ok ? opened.release : null
}

const nothing = (address: string): HeldArchive => ({
  state: { address, roots: [] },
  release: null,
  kept: async () => null,
})

async function cidsOf(...publishers: Publisher[]): Promise<unknown[]> {
  const releases = await Promise.all(publishers.map(async ({ state }) => await releaseIn(state)))
  return releases.map((release) => release?.cid.toString())
}

describe('a file of signed metadata', () => {
  it('proves its release, also to a home that knows a newer one and says so', async () => {
    const alice = await Publisher.create()
    await alice.release('one')
    const bytes = alice.bytes()
    const proven = { ok: true, kind: 'release', release: { version: 1, signers: [alice.signers[0]?.publicKey] } }
    expect(await judgeHanded(bytes, nothing(alice.address), NOW)).toMatchObject({ ...proven, notes: [] })
    expect(await judgeHanded(bytes, await held(alice.state), NOW)).toMatchObject({ ...proven, notes: [] })
    await alice.release('two')
    const later = await judgeHanded(bytes, await held(alice.state), NOW)
    expect(later).toMatchObject({ ...proven, notes: [expect.stringContaining('up to release 2')] })
  })

  it('proves it where only this home has the roots that lead to it', async () => {
    const alice = await Publisher.create()
    await alice.rotate(await testSigners(7, 1))
    const announcement = await alice.release('one')
    const last = encodeAnnouncement({ ...announcement, roots: announcement.roots.slice(-1) })
    expect(await judgeHanded(last, await held(alice.state), NOW)).toMatchObject({ ok: true, release: { version: 1 } })
    const alone = await judgeHanded(last, nothing(alice.address), NOW)
    expect(alone).toMatchObject({ ok: false, problem: expect.stringContaining('roots-missing') })
  })

  it('of the past by keys that were taken away is believed only where that release was kept', async () => {
    const alice = await Publisher.create()
    const thief = alice.branch()
    await alice.release('one')
    const honest = alice.bytes()
    const kept = [await releaseIn(alice.state)].filter((release) => release !== null)
    await alice.rotate(await testSigners(7, 1))
    await alice.release('two')
    await thief.release('forged after the key was taken away')
    const forged = thief.bytes()
    const refused = async (bytes: Uint8Array, releases: ReleaseInfo[], problem: string): Promise<void> =>
      expect(await judgeHanded(bytes, await held(alice.state, releases), NOW)).toMatchObject({
        ok: false,
        problem: expect.stringContaining(problem),
      })
    await refused(forged, kept, 'another release 1 is known here')
    await refused(forged, [], 'keys that were taken away')
    await refused(honest, [], 'keys that were taken away')
    const judged = await judgeHanded(honest, await held(alice.state, kept), NOW)
    expect(judged).toMatchObject({ ok: true, release: { version: 1 } })
    // Whoever has slept through the change cannot know: so it is with every TUF client.
    expect(await judgeHanded(forged, nothing(alice.address), NOW)).toMatchObject({ ok: true })
  })

  it('proves a fork, of its own archive alone', async () => {
    const alice = await Publisher.create()
    const other = alice.branch()
    const { roots, targets: first } = await alice.release('one')
    const { targets: second } = await other.release('another')
    const proof = encodeForkProof({ address: alice.address, roots, first, second })
    const judged = await judgeHanded(proof, nothing(alice.address), NOW)
    expect(judged).toMatchObject({ ok: true, kind: 'fork', version: 1, notes: [expect.stringContaining('TWO')] })
    expect(judged).toMatchObject({ cids: await cidsOf(alice, other) })
    const bob = await Publisher.create({ seed: 2 })
    expect(await judgeHanded(proof, nothing(bob.address), NOW)).toMatchObject({ ok: false })
    const same = encodeForkProof({ address: alice.address, roots, first, second: first })
    expect(await judgeHanded(same, nothing(alice.address), NOW)).toMatchObject({ ok: false })
  })
})

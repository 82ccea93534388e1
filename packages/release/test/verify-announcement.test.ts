import { forge, Publisher, testContent, testSigners } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import {
  announcementOf,
  encodeAnnouncement,
  openState,
  verifyAnnouncement,
  type TrustedState,
  type Verdict,
} from '../src/index.ts'

type Accepted = Extract<Verdict, { outcome: 'accept' }>

/** The verdict, which must be an acceptance. */
function accepted(verdict: Verdict): Accepted {
  if (verdict.outcome !== 'accept') throw new Error(`${verdict.outcome} ${verdict.code}: ${verdict.reason}`)
  return verdict
}

const fresh = (publisher: Publisher): { address: string; roots: [] } => ({ address: publisher.address, roots: [] })

describe('an announcement', () => {
  it('is accepted by a reader who has nothing but the address', async () => {
    const alice = await Publisher.create({ name: '名單 list' })
    const content = await testContent('one')
    await alice.release(content, { message: 'First' })
    const verdict = accepted(await verifyAnnouncement(fresh(alice), alice.bytes(), alice.now))
    expect(verdict.newRelease).toBe(true)
    expect(verdict.freshness).toBe('fresh')
    expect(verdict.warnings).toEqual([])
    expect(verdict.state).toEqual(alice.state)
    expect(verdict.release).toMatchObject({
      address: alice.address,
      version: 1,
      message: 'First',
      published: '2026-03-01T12:00:00Z',
      size: content.size,
      files: 3,
      previous: null,
      name: '名單 list',
      signers: [alice.signers[0]?.publicKey],
      expires: '2026-05-30T12:00:00Z',
    })
    expect(verdict.release.cid.equals(content.cid)).toBe(true)
    expect(verdict.release.manifest.equals(content.manifest)).toBe(true)
  })

  it('is known the second time, as bytes and as parts', async () => {
    const alice = await Publisher.create()
    const announcement = await alice.release('one')
    expect(await verifyAnnouncement(alice.state, alice.bytes(), alice.now)).toMatchObject({
      outcome: 'ignore',
      code: 'known',
    })
    expect(await verifyAnnouncement(alice.state, { ...announcement, roots: [] }, alice.now)).toMatchObject({
      code: 'known',
    })
  })

  it('leads from release to release, each naming the one before', async () => {
    const alice = await Publisher.create()
    await alice.release('one')
    let state: TrustedState | { address: string; roots: [] } = fresh(alice)
    const first = accepted(await verifyAnnouncement(state, alice.bytes(), alice.now))
    state = first.state
    await alice.release('two')
    const second = accepted(await verifyAnnouncement(state, alice.bytes(), alice.now))
    expect(second.release).toMatchObject({ version: 2, previous: first.release.targetsHash })
    expect(second.warnings).toEqual([])
  })

  it('may skip releases', async () => {
    const alice = await Publisher.create()
    await alice.release('one')
    const before = alice.state
    await alice.release('two')
    await alice.release('three')
    const verdict = accepted(await verifyAnnouncement(before, alice.bytes(), alice.now))
    expect(verdict.release.version).toBe(3)
    expect(verdict.warnings).toEqual([])
  })

  it('with a newer timestamp alone renews without a new release', async () => {
    const alice = await Publisher.create()
    await alice.release('one')
    const before = alice.state
    alice.advance(80)
    await alice.renew()
    const verdict = accepted(await verifyAnnouncement(before, alice.bytes(), alice.now))
    expect(verdict.newRelease).toBe(false)
    expect(verdict.release).toMatchObject({ version: 1, expires: '2026-08-18T12:00:00Z' })
  })

  it('that is older in all its parts is ignored', async () => {
    const alice = await Publisher.create()
    await alice.release('one')
    const old = alice.bytes()
    await alice.release('two')
    expect(await verifyAnnouncement(alice.state, old, alice.now)).toMatchObject({ outcome: 'ignore', code: 'older' })
  })

  it('from before a change of keys is ignored, not refused', async () => {
    const alice = await Publisher.create()
    await alice.release('one')
    const old = alice.bytes()
    await alice.rotate(await testSigners(9, 1))
    await alice.release('two')
    expect(await verifyAnnouncement(alice.state, old, alice.now)).toMatchObject({ outcome: 'ignore', code: 'older' })
  })

  it('carries a mirror that slept through five changes of keys', async () => {
    const alice = await Publisher.create({ maintainers: 3, threshold: 2 })
    await alice.release('one')
    const asleep = alice.state
    for (let i = 0; i < 5; i++) await alice.rotate(await testSigners(10 + i, 3), 2)
    await alice.release('two')
    const verdict = accepted(await verifyAnnouncement(asleep, alice.bytes(), alice.now))
    expect(verdict.release.version).toBe(2)
    expect(verdict.state.roots).toHaveLength(6)
    expect(verdict.state.address).toBe(alice.address)
    expect(verdict.release.signers).toHaveLength(2)
    expect(await openState(verdict.state, alice.now)).toMatchObject({ ok: true, threshold: 2 })
  })

  it('may bring new roots under the same release', async () => {
    const alice = await Publisher.create({ maintainers: 2, threshold: 2 })
    await alice.release('one')
    const before = alice.state
    const [first] = alice.signers
    if (first) await alice.rotate([first, ...(await testSigners(5, 1))], 2)
    const verdict = accepted(await verifyAnnouncement(before, alice.bytes(), alice.now))
    expect(verdict.newRelease).toBe(false)
    expect(verdict.release.version).toBe(1)
    expect(verdict.state.roots).toHaveLength(2)
  })

  it('is stale after its date and never refused for it, unless asked to be strict', async () => {
    const alice = await Publisher.create()
    await alice.release('one')
    alice.advance(5 * 365)
    const graded = accepted(await verifyAnnouncement(fresh(alice), alice.bytes(), alice.now))
    expect(graded.freshness).toBe('stale')
    const strict = await verifyAnnouncement(fresh(alice), alice.bytes(), alice.now, { strict: true })
    expect(strict).toMatchObject({ outcome: 'reject', code: 'expired' })
  })

  it('from the future comes with a word about the clocks', async () => {
    const alice = await Publisher.create()
    await alice.release('one')
    alice.advance(-2)
    const verdict = accepted(await verifyAnnouncement(fresh(alice), alice.bytes(), alice.now))
    expect(verdict.warnings.map((warning) => warning.code)).toEqual(['clock', 'clock'])
    alice.advance(1)
    expect(accepted(await verifyAnnouncement(fresh(alice), alice.bytes(), alice.now)).warnings).toEqual([])
  })

  it('wins over a renewal that was signed at the same time', async () => {
    const alice = await Publisher.create({ maintainers: 2 })
    await alice.release('one')
    const bob = alice.branch()
    await bob.renew(bob.signers[1])
    await alice.release('two')
    expect(alice.state.timestamp).not.toEqual(bob.state.timestamp)
    expect(accepted(await verifyAnnouncement(bob.state, alice.bytes(), alice.now)).release.version).toBe(2)
    expect(await verifyAnnouncement(alice.state, bob.bytes(), alice.now)).toMatchObject({ outcome: 'ignore' })
  })

  it('blames the store, not the peer, when what is held cannot be read', async () => {
    const alice = await Publisher.create()
    await alice.release('one')
    const damaged = { ...alice.state, snapshot: new Uint8Array([1, 2, 3]) }
    await alice.release('two')
    const asked = verifyAnnouncement(damaged, encodeAnnouncement(alice.announcement()), alice.now)
    await expect(asked).rejects.toMatchObject({ name: 'ReleaseError', code: 'bad-state' })
  })
})

it('a state into which other files were put is read afresh', async () => {
  const alice = await Publisher.create()
  await alice.release('one')
  const { state } = accepted(await verifyAnnouncement(fresh(alice), alice.bytes(), alice.now))
  await alice.release('two')
  const [first, second] = [{ ...state }, alice.bytes()]
  Object.assign(state, alice.state)
  expect(await verifyAnnouncement(state, encodeAnnouncement(announcementOf(first)), alice.now)).toMatchObject({
    outcome: 'ignore',
    code: 'older',
  })
  expect(await verifyAnnouncement(first, second, alice.now)).toMatchObject({ outcome: 'accept', newRelease: true })
})

describe('strict, by the letter of TUF (5.3.10, 5.4.4, 5.5.6, 5.6.5)', () => {
  it.each(['timestamp', 'snapshot', 'targets'] as const)('an expired %s is refused', async (role) => {
    const alice = await Publisher.create()
    await alice.release('one')
    const lapsed = (signed: { expires: string }): string => (signed.expires = '2026-02-01T00:00:00Z')
    const forged = await forge(alice.announcement(), { signers: alice.signers, [role]: lapsed })
    expect(await verifyAnnouncement(fresh(alice), forged, alice.now)).toMatchObject({
      outcome: 'accept',
      freshness: 'stale',
    })
    const strict = await verifyAnnouncement(fresh(alice), forged, alice.now, { strict: true })
    expect(strict).toMatchObject({ outcome: 'reject', code: 'expired', reason: expect.stringContaining(role) })
  })

  it('an expired root is refused', async () => {
    const alice = await Publisher.create()
    alice.advance(36_500)
    await alice.release('one')
    const strict = await verifyAnnouncement(fresh(alice), alice.announcement(), alice.now, { strict: true })
    expect(strict).toMatchObject({ outcome: 'reject', code: 'expired', reason: expect.stringContaining('root') })
  })
})

it('of words signed by keys that were taken away only those are old news of which every part was passed', async () => {
  const alice = await Publisher.create({ maintainers: 2, threshold: 1 })
  await alice.release('one')
  const [leaving, staying] = alice.signers
  await alice.rotate(staying === undefined ? [] : [staying])
  await alice.release('two')
  const signers = leaving === undefined ? [] : [leaving]
  const newer = (signed: { version: number }): number => (signed.version += 10)
  const { state, now } = alice
  const said = alice.announcement()
  const old = { ...said, roots: said.roots.slice(0, 1) }
  const same = await forge(old, { signers, targets: () => undefined })
  expect(await verifyAnnouncement(state, same, now)).toMatchObject({ outcome: 'ignore', code: 'older' })
  for (const change of [{ targets: newer }, { snapshot: newer }, { timestamp: newer }]) {
    const forged = await forge(old, { signers, targets: () => undefined, ...change })
    expect(await verifyAnnouncement(state, forged, now)).toMatchObject({ outcome: 'reject', code: 'revoked-key' })
  }
})

/** Fast-forward: a thief signs the highest version there is, so that nothing honest is ever newer (TUF 5.3.11). */
import { forge, Publisher, testSigners } from '@holdfast/testkit'
import { expect, it } from 'vitest'
import { verifyAnnouncement } from '@holdfast/release'
import { judged } from './judged.ts'

it('fast-forward of timestamp and snapshot is healed by taking the key away', async () => {
  const alice = await Publisher.create({ maintainers: 3, threshold: 2 })
  const [a, b, stolen] = alice.signers
  if (!a || !b || !stolen) throw new Error('three maintainers')
  const honest = await alice.release('one', { signers: [a, b] })
  const attack = await forge(honest, {
    signers: [stolen],
    snapshot: (signed) => (signed.version = Number.MAX_SAFE_INTEGER),
    timestamp: (signed) => (signed.version = Number.MAX_SAFE_INTEGER),
  })
  const victim = await verifyAnnouncement(alice.state, attack, alice.now)
  if (victim.outcome !== 'accept') throw new Error('one heartbeat key is enough for this')
  expect(victim.newRelease).toBe(false)
  await alice.release('two', { signers: [a, b] })
  expect(await judged(victim.state, alice.bytes(), alice.now)).toMatch(/^rollback-/)

  await alice.rotate([a, b, ...(await testSigners(5, 1))], 2)
  const healed = await verifyAnnouncement(victim.state, alice.bytes(), alice.now)
  expect(healed).toMatchObject({ outcome: 'accept', newRelease: true, release: { version: 2 } })
  if (healed.outcome !== 'accept') return
  // The thief repeats what was valid once.
  expect(await judged(healed.state, attack, alice.now)).toBe('revoked-key')
})

it('fast-forward of the release itself is healed when the thieves are voted out', async () => {
  const alice = await Publisher.create({ maintainers: 4, threshold: 2 })
  const [a, b, ...stolen] = alice.signers
  if (!a || !b) throw new Error('four maintainers')
  await alice.release('one', { signers: [a, b] })
  const attack = await forge(alice.announcement(), {
    signers: stolen,
    targets: (signed) => (signed.version = Number.MAX_SAFE_INTEGER),
    snapshot: (signed) => (signed.version = 2),
    timestamp: (signed) => (signed.version = 2),
  })
  const victim = await verifyAnnouncement(alice.state, attack, alice.now)
  if (victim.outcome !== 'accept') throw new Error('k stolen keys are enough for this')
  await alice.rotate([a, b], 2)
  await alice.release('two')
  const healed = await verifyAnnouncement(victim.state, alice.bytes(), alice.now)
  expect(healed).toMatchObject({ outcome: 'accept', newRelease: true, release: { version: 2 } })
})

it('a version beyond what can be counted exactly is refused', async () => {
  const alice = await Publisher.create()
  await alice.release('one')
  const attack = await forge(alice.announcement(), {
    signers: alice.signers,
    timestamp: (signed) => (signed.version = 2 ** 53),
  })
  expect(await judged(alice.state, attack, alice.now)).toBe('bad-format')
})

it('but new keys are no way back: what they cover still counts against rollback', async () => {
  const alice = await Publisher.create({ maintainers: 2, threshold: 1 })
  await alice.release('one')
  const old = alice.announcement()
  await alice.renew()
  await alice.renew()
  const victim = { ...alice.state }
  // The same keys sign on, under a new root with another threshold: the held timestamp is still theirs.
  await alice.rotate(alice.signers, 2)
  const { signers } = alice
  const replayed = await forge({ ...old, roots: alice.state.roots }, { signers, targets: () => undefined })
  expect(await judged(victim, replayed, alice.now)).toBe('rollback-timestamp')
  // Nor by a snapshot under a newer timestamp, or by targets alone.
  const older = await forge(alice.announcement(), {
    signers,
    snapshot: (signed) => (signed.version = 1),
    timestamp: (signed) => (signed.version += 5),
  })
  expect(await judged(alice.state, { ...older, roots: alice.state.roots }, alice.now)).toMatch(
    /^rollback-|^mix-and-match/,
  )
})

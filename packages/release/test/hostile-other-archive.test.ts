/** Metadata of another archive under our address, and a second release under a version that was published. */
import { Publisher, testSigners } from '@holdfast/testkit'
import { expect, it } from 'vitest'
import { forkProofFrom, verifyAnnouncement, type Verdict } from '../src/index.ts'
import { judged } from './judged.ts'

type Accepted = Extract<Verdict, { outcome: 'accept' }>

async function taken(verdict: Promise<Verdict>): Promise<Accepted> {
  const answer = await verdict
  if (answer.outcome !== 'accept') throw new Error(answer.reason)
  return answer
}

it('another archive is never taken for ours, not even one by the same maintainers', async () => {
  const alice = await Publisher.create({ maintainers: 3, threshold: 2 })
  const other = await Publisher.create({ maintainers: 3, threshold: 2, name: 'Another archive' })
  await alice.release('one')
  await other.release('one')
  await other.release('two')
  expect(await judged({ address: alice.address, roots: [] }, other.announcement(), alice.now)).toBe('wrong-archive')
  expect(await judged(alice.state, other.announcement(), alice.now)).toBe('wrong-archive')
  // Our roots in front make it ours only if ours had signed it, and the same keys did: the version counts on.
  const mixed = { ...other.announcement(), roots: [...alice.state.roots, ...other.state.roots] }
  expect(await judged(alice.state, mixed, alice.now)).toBe('wrong-archive')
  // Nor by the same keys under the very root that names them here: a signature alone does not say for which archive.
  const grafted = { ...other.announcement(), roots: alice.state.roots }
  expect(await judged(alice.state, grafted, alice.now)).toBe('wrong-archive')
  await other.rotate(await testSigners(4, 3))
  const later = { ...other.announcement(), roots: other.state.roots.slice(1) }
  expect(await judged({ address: alice.address, roots: [] }, later, alice.now)).toBe('roots-missing')
  expect(await judged(alice.state, later, alice.now)).toBe('wrong-archive')
})

it('a release of another archive proves no fork of this one', async () => {
  const alice = await Publisher.create()
  const other = await Publisher.create({ name: 'Another archive' })
  await alice.release('one')
  await other.release('two')
  const grafted = { ...other.announcement(), roots: alice.state.roots }
  expect(await judged(alice.state, grafted, alice.now)).toBe('wrong-archive')
  expect(await forkProofFrom(alice.state, grafted)).toBeNull()
})

it('of two releases with one version the first stays, and the next one heals it on both sides', async () => {
  const alice = await Publisher.create({ maintainers: 2, threshold: 2 })
  await alice.release('one')
  const bob = alice.branch()
  const first = await alice.release('two')
  const second = await bob.release('other two')
  const start = { address: alice.address, roots: [] as [] }
  const here = await taken(verifyAnnouncement(start, first, alice.now))
  const there = await taken(verifyAnnouncement(start, second, alice.now))
  expect(await judged(here.state, second, alice.now)).toBe('fork')
  expect(await judged(there.state, first, alice.now)).toBe('fork')

  const next = await alice.release('three')
  const healedHere = await taken(verifyAnnouncement(here.state, next, alice.now))
  const healedThere = await taken(verifyAnnouncement(there.state, next, alice.now))
  expect(healedHere.warnings).toEqual([])
  expect(healedThere.warnings).toMatchObject([{ code: 'other-branch' }])
  expect(healedThere.state).toEqual(healedHere.state)
})

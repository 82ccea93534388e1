/** A fork: two releases with one version, both fully signed (trust.md). How it is shown is in ../fork.test.ts. */
import { Publisher } from '@holdfast/testkit'
import { expect, it } from 'vitest'
import { verifyAnnouncement, type Verdict } from '@holdfast/release'
import { judged } from './judged.ts'

type Accepted = Extract<Verdict, { outcome: 'accept' }>

async function taken(verdict: Promise<Verdict>): Promise<Accepted> {
  const answer = await verdict
  if (answer.outcome !== 'accept') throw new Error(answer.reason)
  return answer
}

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

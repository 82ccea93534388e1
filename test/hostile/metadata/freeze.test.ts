/** Freeze: a censor keeps repeating old news, or keeps maintainers away until the dates pass (TUF 5.4.4). */
import { Publisher } from '@holdfast/testkit'
import { expect, it } from 'vitest'
import { gradeFreshness, openState, verifyAnnouncement } from '@holdfast/release'

it('frozen metadata is served and called stale; only strict readers refuse it', async () => {
  const alice = await Publisher.create()
  await alice.release('one')
  const frozen = alice.bytes()
  alice.advance(91)
  const reader = { address: alice.address, roots: [] as [] }
  const verdict = await verifyAnnouncement(reader, frozen, alice.now)
  expect(verdict).toMatchObject({ outcome: 'accept', freshness: 'stale' })
  expect(await openState(alice.state, alice.now)).toMatchObject({
    ok: true,
    freshness: 'stale',
    release: { version: 1 },
  })
  expect(await verifyAnnouncement(reader, frozen, alice.now, { strict: true })).toMatchObject({ code: 'expired' })
})

it('expired and alone is told apart from expired among peers', () => {
  const expires = '2026-05-30T12:00:00Z'
  const before = new Date('2026-05-30T11:59:59Z')
  const at = new Date(expires)
  expect(gradeFreshness(expires, before, false)).toBe('fresh')
  expect(gradeFreshness(expires, at, true)).toBe('stale')
  expect(gradeFreshness(expires, at, false)).toBe('possibly-frozen')
  expect(() => gradeFreshness('soon', at, true)).toThrow('not a date')
})

/** `expires` that is no date (TUF 4.3): it must never count as far away. */
import { forge, Publisher, tamper } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { judged } from './judged.ts'

describe('a date that is none never counts as far away', () => {
  it.each([
    'never',
    '',
    '2030-02-30T00:00:00Z',
    '2030-01-01',
    '9999-99-99T99:99:99Z',
    '2030-01-01T00:00:00+00:00',
    0,
    null,
  ])('%j', async (expires) => {
    const alice = await Publisher.create()
    await alice.release('one')
    for (const role of ['timestamp', 'snapshot', 'targets']) {
      const forged = await forge(alice.announcement(), {
        signers: alice.signers,
        [role]: (signed: { expires: unknown }) => (signed.expires = expires),
      })
      expect(await judged({ address: alice.address, roots: [] }, forged, alice.now), role).toBe('bad-format')
    }
  })

  it('not even in a root', async () => {
    const alice = await Publisher.create()
    await alice.release('one')
    const root = tamper(alice.state.roots[0] as Uint8Array, (file) => (file.signed.expires = 'never'))
    expect(await judged(alice.state, { ...alice.announcement(), roots: [root] }, alice.now)).toBe('bad-format')
  })
})

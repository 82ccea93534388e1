/** Mix-and-match: parts that were all signed, but never published together (TUF 5.5.2, 5.5.4, 5.6.2, 5.6.4). */
import { forge, Publisher, tamper } from '@holdfast/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Announcement } from '@holdfast/release'
import { judged } from './judged.ts'

let alice: Publisher
let first: Announcement
let second: Announcement
const reader = (): { address: string; roots: [] } => ({ address: alice.address, roots: [] })

beforeAll(async () => {
  alice = await Publisher.create()
  first = await alice.release('one')
  second = await alice.release('two')
})

describe('mix-and-match is refused', () => {
  it('of an old snapshot with a new timestamp', async () => {
    expect(await judged(reader(), { ...second, snapshot: first.snapshot }, alice.now)).toBe('mix-and-match')
  })

  it('of old targets with a new snapshot', async () => {
    expect(await judged(reader(), { ...second, targets: first.targets }, alice.now)).toBe('mix-and-match')
  })

  it('of a snapshot with other blanks around it', async () => {
    const snapshot = tamper(second.snapshot, () => undefined)
    const padded = new Uint8Array([...snapshot, 0x20])
    expect(await judged(reader(), { ...second, snapshot: padded }, alice.now)).toBe('mix-and-match')
  })

  it('by version alone, where no hashes were signed for', async () => {
    const forged = await forge(second, {
      signers: alice.signers,
      snapshot: (signed) => (signed.meta['targets.json'] = { version: 7 }),
    })
    expect(await judged(reader(), forged, alice.now)).toBe('mix-and-match')
    const bare = await forge(second, {
      signers: alice.signers,
      timestamp: (signed) => (signed.meta['snapshot.json'] = { version: 7 }),
    })
    expect(await judged(reader(), bare, alice.now)).toBe('mix-and-match')
  })

  it('by length, by each hash, and not by hashes that nobody knows', async () => {
    const withRecord = (record: object): Promise<Announcement> =>
      forge(second, {
        signers: alice.signers,
        timestamp: (signed) => Object.assign(signed.meta['snapshot.json'], record),
      })
    expect(await judged(reader(), await withRecord({ length: 5 }), alice.now)).toBe('mix-and-match')
    expect(await judged(reader(), await withRecord({ hashes: { sha512: '00' } }), alice.now)).toBe('mix-and-match')
    expect(await judged(reader(), await withRecord({ hashes: { md4: '00' } }), alice.now)).toBe('bad-format')
  })

  it('of a snapshot that lists no targets at all', async () => {
    const forged = await forge(second, { signers: alice.signers, snapshot: (signed) => (signed.meta = {}) })
    expect(await judged(reader(), forged, alice.now)).toBe('mix-and-match')
  })
})

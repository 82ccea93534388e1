/** Endless data and endless roots (TUF 5.3.3, 5.4.1, 5.5.1, 5.6.1): what is too much is refused before it costs anything. */
import { encode } from '@ipld/dag-cbor'
import { Publisher, tamper, testSigners } from '@holdfast/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeAnnouncement, verifyAnnouncement } from '@holdfast/release'
import { judged } from './judged.ts'

// docs/protocol.md, "Limits".
const MAX_ANNOUNCEMENT_BYTES = 256 * 1024
const MAX_ANNOUNCED_ROOT_BYTES = 64 * 1024
const MAX_ROOT_BYTES = 60 * 1024
const MAX_TIMESTAMP_BYTES = 16 * 1024
const MAX_SIGNED_FILE_BYTES = 128 * 1024
const MAX_ROOTS = 1024

let alice: Publisher
const reader = (): { address: string; roots: [] } => ({ address: alice.address, roots: [] })

beforeAll(async () => {
  alice = await Publisher.create()
  await alice.release('one')
})

describe('too much is refused', () => {
  it('as an announcement', async () => {
    expect(await judged(reader(), new Uint8Array(MAX_ANNOUNCEMENT_BYTES + 1), alice.now)).toBe('too-large')
  })

  it('as roots within one', async () => {
    const roots = [new Uint8Array(MAX_ANNOUNCED_ROOT_BYTES), new Uint8Array(1)]
    const bytes = encode({ v: 1, ...alice.announcement(), roots })
    expect(await judged(reader(), bytes, alice.now)).toBe('too-large')
  })

  it.each([
    ['timestamp', MAX_TIMESTAMP_BYTES],
    ['snapshot', MAX_SIGNED_FILE_BYTES],
    ['targets', MAX_SIGNED_FILE_BYTES],
  ] as const)('as %s', async (role, limit) => {
    const announcement = { ...alice.announcement(), [role]: new Uint8Array(limit + 1) }
    // Snapshot and targets are bound by the record above them, too; what matters is that nobody parses them.
    expect(['too-large', 'mix-and-match']).toContain(await judged(reader(), announcement, alice.now))
  })

  it('as one root, or as a thousand and more', async () => {
    const { roots, ...rest } = alice.announcement()
    const large = { ...rest, roots: [...roots, new Uint8Array(MAX_ROOT_BYTES + 1)] }
    expect(await judged(alice.state, large, alice.now)).toMatch(/too-large|bad-format/)
    const many = { ...rest, roots: Array.from({ length: MAX_ROOTS + 1 }, () => new Uint8Array(1)) }
    expect(await judged(reader(), many, alice.now)).toBe('too-many-roots')
  })

  it('as a root that a stranger blew up with bytes that no signature covers', async () => {
    const bob = alice.branch()
    await bob.rotate(await testSigners(4, 1))
    const [first, second] = bob.state.roots
    if (!first || !second) throw new Error('two roots')
    const bloated = tamper(second, (file) => {
      file.padding = 'x'.repeat(20_000)
    })
    const verdict = await judged(alice.state, { ...bob.announcement(), roots: [first, bloated] }, alice.now)
    expect(verdict).toBe('too-large')
  })

  it('as a snapshot or targets beside a timestamp that is wrong too, and no promise is left alone with it', async () => {
    const timestamp = tamper(alice.announcement().timestamp, (file) => (file.signed.version += 1))
    const huge = new Uint8Array(MAX_SIGNED_FILE_BYTES + 1)
    for (const bad of [{ snapshot: huge }, { targets: huge }, { snapshot: huge, targets: huge }]) {
      const announcement = { ...alice.announcement(), timestamp, ...bad }
      expect(await judged(reader(), announcement, alice.now)).toMatch(/^(?:too-large|bad-signature)$/)
    }
  })

  it('as nesting without end, in JSON and in CBOR, quickly', async () => {
    const timestamp = new TextEncoder().encode('['.repeat(MAX_TIMESTAMP_BYTES))
    expect(await judged(reader(), { ...alice.announcement(), timestamp }, alice.now)).toBe('bad-format')
    const closed = `${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`
    const signed = tamper(alice.announcement().timestamp, (file) => (file.signed.deep = JSON.parse(closed)))
    expect(await judged(reader(), { ...alice.announcement(), timestamp: signed }, alice.now)).toBe('bad-format')
    const cbor = new Uint8Array(MAX_ANNOUNCEMENT_BYTES).fill(0x81)
    expect(await judged(reader(), cbor, alice.now)).toBe('bad-format')
  })
})

it('a chain too long for one announcement travels as its newest part, and the receiver says what it lacks', async () => {
  const bob = await Publisher.create({ maintainers: 20, threshold: 1, seed: 3 })
  await bob.release('one')
  const asleep = bob.state
  for (let i = 0; i < 12; i++) await bob.rotate(bob.signers)
  await bob.release('two')
  const bytes = encodeAnnouncement(bob.announcement())
  const verdict = await verifyAnnouncement(asleep, bytes, bob.now)
  expect(verdict).toMatchObject({ outcome: 'reject', code: 'roots-missing', firstMissingRoot: 2 })
  // With the roots that it fetched in front, the same announcement is accepted.
  expect(await judged(asleep, bob.announcement(), bob.now)).toBe('accept')
})

/** Keys: one voter who looks like two, keys that nobody knows, keys that were taken away (TUF 4.2, 5.3.4, 6.1). */
import { forge, Publisher, tamper, tufKey, TufRepository, type Edits, type TufKey } from '@holdfast/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { TufClient } from '../src/index.ts'
import { judged } from './judged.ts'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const OTHER_ID = 'e'.repeat(64)

/** @returns `ok`, or the code, for a new client that trusts the first root */
async function refreshed(repository: TufRepository, edits: Edits = {}): Promise<string> {
  const files = repository.build(edits)
  const trusted = new Map([['root', files.get('1.root.json') as Uint8Array]])
  const client = new TufClient(
    {
      read: async (role) => trusted.get(role) ?? null,
      write: async (role, bytes) => void trusted.set(role, bytes),
      remove: async (role) => void trusted.delete(role),
    },
    { fetch: async (file) => files.get(file) ?? null },
    new Date(repository.now),
  )
  const outcome = await client.refresh()
  return outcome.ok ? 'ok' : outcome.code
}

/** A repository whose targets two must sign; one of them is alice. */
function ofTwo(alice: TufKey, other: TufKey): TufRepository {
  const repository = new TufRepository(NOW, [alice])
  repository.keys.set(other.id, other)
  repository.root.keys[other.id] = other.object
  repository.root.roles.targets = { keyids: [alice.id, other.id], threshold: 2 }
  return repository
}

describe('one voter counts once', () => {
  const alice = tufKey('ed25519', 1)

  it('and two count twice', async () => {
    expect(await refreshed(ofTwo(alice, tufKey('ed25519', 2)))).toBe('ok')
  })

  it.each([
    ['under a second key id', alice.object],
    ['in capitals', { ...alice.object, keyval: { public: alice.object.keyval.public.toUpperCase() } }],
    ['with a field more', { ...alice.object, note: 'another key, honestly' }],
  ])('%s', async (_, object) => {
    expect(await refreshed(ofTwo(alice, { ...alice, id: OTHER_ID, object }))).toBe('threshold')
  })

  it('as an RSA or ECDSA key that is written with other line breaks', async () => {
    for (const kind of ['rsa', 'p256', 'p384'] as const) {
      const bob = tufKey(kind, 1)
      const text: string = bob.object.keyval.public
      const body = text.replace(/-----[^-]+-----/g, '').replace(/\s/g, '')
      const rewritten = `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----`
      const object = { ...bob.object, keyval: { public: rewritten } }
      expect(await refreshed(ofTwo(bob, tufKey('ed25519', 2))), kind).toBe('ok')
      expect(await refreshed(ofTwo(bob, { ...bob, id: OTHER_ID, object })), kind).toBe('threshold')
    }
  })

  it('when the role names it twice', async () => {
    const repository = new TufRepository(NOW, [alice])
    repository.root.roles.targets = { keyids: [alice.id, alice.id], threshold: 2 }
    expect(await refreshed(repository)).toBe('bad-format')
  })

  it('when its signature stands there twice', async () => {
    const twice = { file: { targets: (file: { signatures: unknown[] }) => file.signatures.push(file.signatures[0]) } }
    expect(await refreshed(new TufRepository(NOW, [alice]), twice)).toBe('duplicate-signature')
  })
})

describe('a key that nobody knows signs nothing, and does not stop those that are known', () => {
  const alice = tufKey('ed25519', 1)
  it.each([
    ['an unknown type', { keytype: 'quantum', scheme: 'ed25519' }],
    ['an unknown scheme', { keytype: 'ed25519', scheme: 'ed448' }],
    ['a type with the scheme of another', { keytype: 'rsa', scheme: 'ed25519' }],
    ['a name that all objects have', { keytype: 'constructor', scheme: 'ed25519' }],
    ['no key of that kind', { keyval: { public: 'abc' } }],
    ['no text for its kind', { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256' }],
  ])('%s', async (_, other) => {
    const odd = tufKey('ed25519', 2)
    const repository = ofTwo(alice, { ...odd, object: { ...odd.object, ...other } })
    expect(await refreshed(repository)).toBe('bad-signature')
    repository.root.roles.targets.threshold = 1
    expect(await refreshed(repository)).toBe('ok')
  })

  it('takes each kind that TUF clients know', async () => {
    for (const kind of ['ed25519', 'p256', 'p384', 'rsa'] as const) {
      const repository = new TufRepository(NOW, [tufKey(kind, 7)])
      expect(await refreshed(repository), kind).toBe('ok')
      const wrong = { statement: {}, signers: { targets: () => [{ ...tufKey('ed25519', 8), id: tufKey(kind, 7).id }] } }
      if (kind !== 'rsa') expect(await refreshed(repository, wrong), kind).toBe('bad-signature')
    }
  })
})

describe('a revoked key', () => {
  let alice: Publisher
  let leaving: Publisher['signers']

  beforeAll(async () => {
    alice = await Publisher.create({ maintainers: 4, threshold: 2 })
    await alice.release('one')
    leaving = alice.signers.slice(2)
    await alice.rotate(alice.signers.slice(0, 2))
    await alice.renew()
  })

  it('signs no release any more, though it was good once', async () => {
    const forged = await forge(alice.announcement(), {
      signers: leaving,
      targets: (signed) => (signed.version += 1),
      snapshot: (signed) => (signed.version += 1),
      timestamp: (signed) => (signed.version += 1),
    })
    expect(await judged(alice.state, forged, alice.now)).toBe('revoked-key')
  })

  it('does not count beside one that is good', async () => {
    const [good] = alice.signers
    const signers = [good, leaving[0]].filter((signer) => signer !== undefined)
    const forged = await forge(alice.announcement(), { signers, targets: (signed) => (signed.version += 1) })
    expect(await judged(alice.state, forged, alice.now)).toMatch(/^(?:revoked-key|threshold)$/)
  })
})

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

/** Keys of types and schemes that nobody knows (TUF 4.2). */
import { tufKey, TufRepository } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { NOW, ofTwo, refreshed } from './visit.ts'

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

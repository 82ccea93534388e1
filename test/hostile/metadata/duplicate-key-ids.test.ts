/** Wrong thresholds and duplicate key ids: one voter who looks like two (TUF 4.2, 4.3, 5.3.4). */
import { tufKey, TufRepository } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { NOW, ofTwo, refreshed } from './visit.ts'

const OTHER_ID = 'e'.repeat(64)

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

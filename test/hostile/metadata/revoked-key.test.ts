/** Signatures by keys that were taken away (TUF 6.1), and what is no such thing though it looks like it. */
import { forge, Publisher } from '@holdfast/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { judged } from './judged.ts'

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

describe('too few signatures under a threshold that was raised', () => {
  it('are called that, and not the work of a revoked key', async () => {
    const alice = await Publisher.create({ maintainers: 3, threshold: 1 })
    await alice.release('one')
    const lone = alice.signers.slice(0, 1)
    await alice.rotate(alice.signers, 2)
    await alice.renew()
    const forged = await forge(alice.announcement(), {
      signers: lone,
      targets: (signed) => (signed.version += 1),
      snapshot: (signed) => (signed.version += 1),
      timestamp: (signed) => (signed.version += 1),
    })
    expect(await judged(alice.state, forged, alice.now)).toBe('threshold')
  })
})

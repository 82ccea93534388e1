/** Rollback: somebody with a heartbeat key, or none, tries to take a mirror back to what is withdrawn (TUF 5.4.3, 5.5.5). */
import { forge, Publisher } from '@holdfast/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Announcement } from '@holdfast/release'
import { judged } from './judged.ts'

let alice: Publisher
let first: Announcement
let second: Announcement

beforeAll(async () => {
  alice = await Publisher.create({ maintainers: 3, threshold: 2 })
  first = await alice.release('one')
  await alice.renew()
  second = await alice.release('two') // timestamp 3, snapshot 2, targets 2
})

/** What a thief of one key can sign: a timestamp, a snapshot, nothing else. */
const thief = (): typeof alice.signers => alice.signers.slice(2)

describe('rollback is refused', () => {
  it('of the timestamp, under newer parts', async () => {
    const third = await alice.branch().release('three')
    const forged = await forge(third, { signers: thief(), timestamp: (signed) => (signed.version = 1) })
    expect(await judged(alice.state, forged, alice.now)).toBe('rollback-timestamp')
  })

  it('of the snapshot, under a newer timestamp', async () => {
    const forged = await forge(first, { signers: thief(), timestamp: (signed) => (signed.version = 9) })
    expect(await judged(alice.state, forged, alice.now)).toBe('rollback-snapshot')
  })

  it('of the targets, under a newer snapshot', async () => {
    const forged = await forge(first, {
      signers: thief(),
      snapshot: (signed) => (signed.version = 9),
      timestamp: (signed) => (signed.version = 9),
    })
    expect(await judged(alice.state, forged, alice.now)).toBe('rollback-targets')
  })

  it('of one file inside: a role that vanishes from the snapshot', async () => {
    const bob = alice.branch()
    const withRole = await forge(await bob.release('three'), {
      signers: thief(),
      snapshot: (signed) => (signed.meta['pictures.json'] = { version: 4 }),
      timestamp: (signed) => (signed.version = 5),
    })
    const held = { ...bob.state, ...withRole }
    const fourth = await forge(withRole, {
      signers: thief(),
      snapshot: (signed) => {
        signed.version += 1
        delete signed.meta['pictures.json']
      },
      timestamp: (signed) => (signed.version = 6),
    })
    expect(await judged(held, fourth, alice.now)).toBe('rollback-targets')
  })

  it('of one file inside: a role that goes back a version', async () => {
    const bob = alice.branch()
    const withRole = await forge(await bob.release('three'), {
      signers: thief(),
      snapshot: (signed) => (signed.meta['pictures.json'] = { version: 4 }),
    })
    const held = { ...bob.state, ...withRole }
    const fourth = await forge(withRole, {
      signers: thief(),
      snapshot: (signed) => {
        signed.version += 1
        signed.meta['pictures.json'] = { version: 3 }
      },
      timestamp: (signed) => (signed.version += 1),
    })
    expect(await judged(held, fourth, alice.now)).toBe('rollback-targets')
  })

  it('but the old release as it was is only ignored: peers that slept are no enemies', async () => {
    expect(await judged(alice.state, first, alice.now)).toBe('older')
    expect(await judged(alice.state, second, alice.now)).toBe('known')
  })

  it('of the release, after new keys made the held snapshot worthless but not the held release', async () => {
    const bob = await Publisher.create({ maintainers: 3, threshold: 2, seed: 7 })
    const [a, b, c] = bob.signers
    if (!a || !b || !c) throw new Error('three maintainers')
    const old = await bob.release('one', { signers: [a, b] })
    await bob.release('two', { signers: [a, b] })
    // The victim's timestamp and snapshot come from c, who then leaves.
    const victim = await forge(bob.announcement(), {
      signers: [c],
      snapshot: (signed) => (signed.version += 1),
      timestamp: (signed) => (signed.version += 1),
    })
    const held = { ...bob.state, ...victim }
    await bob.rotate([a, b], 2)
    const forged = await forge(
      { ...old, roots: bob.state.roots },
      { signers: [b], snapshot: (signed) => (signed.version = 50), timestamp: (signed) => (signed.version = 50) },
    )
    expect(await judged(held, forged, bob.now)).toBe('rollback-targets')
  })
})

/** Roots: who may name the keys. Rollback, jumps, forks and forged successors (TUF 5.3.4, 5.3.5). */
import { Publisher, tamper, testSigners } from '@holdfast/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { verifyAnnouncement, type Announcement, type TrustedState } from '@holdfast/release'
import { judged } from './judged.ts'

let alice: Publisher
/** Before any change of keys. */
let early: TrustedState
let roots: Uint8Array[]

beforeAll(async () => {
  alice = await Publisher.create({ maintainers: 3, threshold: 2 })
  await alice.release('one')
  early = alice.state
  await alice.rotate(await testSigners(2, 3))
  await alice.rotate(await testSigners(3, 3))
  await alice.release('two')
  ;({ roots } = alice.state)
})

/** The newest release under other roots. */
function under(...other: (Uint8Array | undefined)[]): Announcement {
  return { ...alice.announcement(), roots: other.filter((root) => root !== undefined) }
}

/** The newest root with a statement that its signatures do not cover. */
function changed(change: (signed: { version: number; roles: { root: { threshold: number } } }) => void): Uint8Array {
  return tamper(roots[1] as Uint8Array, ({ signed }) => change(signed))
}

describe('a root is refused', () => {
  it('whose statement was changed by anybody', async () => {
    const forged = changed((signed) => (signed.roles.root.threshold = 1))
    expect(await judged(early, under(roots[0], forged), alice.now)).toBe('bad-signature')
  })

  it('that only new maintainers signed: nobody appoints himself', async () => {
    const eve = await Publisher.create({ seed: 666, maintainers: 3, threshold: 2 })
    await eve.rotate(eve.signers)
    const forged = eve.state.roots[1]
    expect(await judged(early, under(roots[0], forged), alice.now)).toBe('threshold')
  })

  it('that too few of the old maintainers signed', async () => {
    const oneMissing = tamper(roots[1] as Uint8Array, (file) => {
      const old = alice.state.roots[0] as Uint8Array
      const named: string[] = JSON.parse(new TextDecoder().decode(old)).signed.roles.root.keyids
      const [kept] = named
      file.signatures = file.signatures.filter(
        ({ keyid }: { keyid: string }) => !named.includes(keyid) || keyid === kept,
      )
    })
    expect(await judged(early, under(roots[0], oneMissing), alice.now)).toBe('threshold')
  })

  it('that the new maintainers did not sign: keys that do not work must never be appointed', async () => {
    const oldAlone = tamper(roots[1] as Uint8Array, (file) => {
      const named: string[] = file.signed.roles.root.keyids
      file.signatures = file.signatures.filter(({ keyid }: { keyid: string }) => !named.includes(keyid))
    })
    expect(await judged(early, under(roots[0], oldAlone), alice.now)).toBe('threshold')
  })

  it('when one in between is left out: a key might have been taken away there', async () => {
    const verdict = await verifyAnnouncement(early, under(roots[0], roots[2]), alice.now)
    expect(verdict).toMatchObject({ outcome: 'reject', code: 'roots-missing', firstMissingRoot: 2 })
  })

  it('under a version that is held already, when the same maintainers signed another one: a fork of the keys', async () => {
    const other = new Publisher({ ...early }, await testSigners(1, 3), 2, alice.name, alice.now)
    await other.rotate(await testSigners(9, 3))
    const release = await other.release('other')
    expect(await judged(alice.state, release, alice.now)).toBe('fork')
  })

  it('but one that says the same under other signatures is no fork, and the one that is held stays', async () => {
    const resigned = tamper(roots[1] as Uint8Array, (file) => file.signatures.pop())
    await alice.renew()
    const verdict = await verifyAnnouncement(alice.state, under(roots[0], resigned, roots[2]), alice.now)
    expect(verdict).not.toMatchObject({ code: 'fork' })
    const { state } = await acceptedBy({ ...alice.state, ...early, roots: [...roots] })
    expect(state.roots).toEqual(roots)
  })
})

async function acceptedBy(held: TrustedState): Promise<{ state: TrustedState }> {
  const verdict = await verifyAnnouncement(held, alice.announcement(), alice.now)
  if (verdict.outcome !== 'accept') throw new Error(verdict.reason)
  return verdict
}

it('rollback of the root: old roots alone never take a newer one away', async () => {
  const verdict = await verifyAnnouncement(
    alice.state,
    { ...alice.announcement(), timestamp: early.timestamp as Uint8Array, roots: early.roots },
    alice.now,
  )
  expect(verdict.outcome).not.toBe('accept')
  // A mirror that holds the newer keys judges the old release by them.
  const { timestamp, snapshot, targets } = early
  const old = { roots: early.roots, timestamp, snapshot, targets } as Announcement
  expect(await judged(alice.state, old, alice.now)).toBe('older')
})

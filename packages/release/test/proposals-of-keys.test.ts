/** New keys as a proposal: signed by the old and by the new threshold, under the same address. */
import { Publisher, testContent, testSigners } from '@holdfast/testkit'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  announcementOf,
  completeProposal,
  judgeProposal,
  proposeRelease,
  proposeRoot,
  renewTimestamp,
  signProposal,
  verifyAnnouncement,
  type JudgedProposal,
  type Proposal,
  type Signer,
  type TrustedState,
} from '../src/index.ts'

const NOW = new Date('2026-03-01T12:00:00Z')

async function judged(state: TrustedState | null, proposal: Proposal): Promise<JudgedProposal> {
  const verdict = await judgeProposal(state, proposal)
  if (!verdict.ok) throw new Error(verdict.reason)
  return verdict
}

async function completed(state: TrustedState | null, proposal: Proposal): Promise<TrustedState> {
  const done = await completeProposal(state, proposal)
  if (done === null) throw new Error('it is not complete')
  return done
}

describe('new keys', () => {
  let before: Signer[]
  let state: TrustedState
  beforeEach(async () => {
    const publisher = await Publisher.create({ maintainers: 3, threshold: 2 })
    await publisher.release('one')
    before = publisher.signers
    state = publisher.state
  })

  it('are signed by the old and by the new threshold, take over the release, and keep the address', async () => {
    const [alice, bob, carol] = before as [Signer, Signer, Signer]
    const [dave] = (await testSigners(7, 1)) as [Signer]
    const maintainers = [alice, bob, dave].map(({ publicKey }) => publicKey)
    const begun = await proposeRoot({ state, name: 'Renamed', maintainers, threshold: 3, signer: alice, now: NOW })
    expect(await judged(state, begun)).toMatchObject({
      kind: 'root',
      version: 2,
      lacking: 2,
      release: null,
      before: { name: 'Test archive', threshold: 2 },
      after: { name: 'Renamed', threshold: 3 },
    })
    const byCarol = await signProposal({ state, proposal: begun, signer: carol, now: NOW })
    // She counts for the old keys alone.
    expect(await judged(state, byCarol)).toMatchObject({ lacking: 2 })
    const byBob = await signProposal({ state, proposal: byCarol, signer: bob, now: NOW })
    expect(await judged(state, byBob)).toMatchObject({ lacking: 1, complete: false })
    const byAll = await signProposal({ state, proposal: byBob, signer: dave, now: NOW })
    expect(await judged(state, byAll)).toMatchObject({ lacking: 0, complete: true })
    const done = await completed(state, byAll)
    const verdict = await verifyAnnouncement(state, announcementOf(done), NOW)
    expect(verdict).toMatchObject({ outcome: 'accept', release: { version: 1, name: 'Renamed' } })
    expect(done.address).toBe(state.address)
  })

  it('with a heartbeat let that key renew, and do nothing else', async () => {
    const [alice, bob] = before as [Signer, Signer]
    const [heartbeat] = (await testSigners(11, 1)) as [Signer]
    const keys = { name: 'Test archive', maintainers: before.map(({ publicKey }) => publicKey), threshold: 2 }
    const begun = await proposeRoot({ ...keys, state, heartbeat: heartbeat.publicKey, signer: alice, now: NOW })
    const done = await completed(state, await signProposal({ state, proposal: begun, signer: bob, now: NOW }))
    expect(await judged(state, begun)).toMatchObject({ after: { heartbeat: heartbeat.publicKey } })
    const renewed = await renewTimestamp({ state: done, signers: [heartbeat], now: NOW })
    expect(await verifyAnnouncement(done, announcementOf(renewed), NOW)).toMatchObject({
      outcome: 'accept',
      newRelease: false,
    })
    const content = await testContent('two')
    const release = proposeRelease({ state: done, content, message: 'Two', signer: heartbeat, now: NOW })
    await expect(release).rejects.toMatchObject({ code: 'threshold-unmet' })
  })

  it('for a root that was passed already are refused', async () => {
    const [alice, bob] = before as [Signer, Signer]
    const keys = { name: 'Test archive', maintainers: before.map(({ publicKey }) => publicKey), threshold: 1 }
    const begun = await proposeRoot({ ...keys, state, signer: alice, now: NOW })
    const done = await completed(state, await signProposal({ state, proposal: begun, signer: bob, now: NOW }))
    expect(await judgeProposal(done, begun)).toMatchObject({ ok: false })
  })
})

/** Maintainers who sign apart: proposals that k of n sign in any order, in copies that are merged, and what comes of them. */
import { Publisher, testContent, testSigners } from '@holdfast/testkit'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  announcementOf,
  completeProposal,
  encodeProposal,
  judgeProposal,
  mergeProposals,
  openState,
  parseProposal,
  proposeArchive,
  proposeRelease,
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

describe('a first root that two of three must sign', () => {
  let signers: Signer[]
  let names: { name: string; maintainers: string[]; threshold: number }
  beforeEach(async () => {
    signers = await testSigners(5, 3)
    names = { name: 'Ours', maintainers: signers.map(({ publicKey }) => publicKey), threshold: 2 }
  })

  it('has no address before enough have signed, and then one', async () => {
    const [alice, bob, carol] = signers as [Signer, Signer, Signer]
    const begun = await proposeArchive({ ...names, signer: alice, now: NOW })
    expect(await judged(null, begun)).toMatchObject({
      kind: 'archive',
      address: null,
      version: 1,
      signers: [alice.publicKey],
      lacking: 1,
      complete: false,
      release: null,
      before: null,
      after: { name: 'Ours', threshold: 2, maintainers: names.maintainers, heartbeat: null },
    })
    expect(await completeProposal(null, begun)).toBeNull()
    const signed = await signProposal({ state: null, proposal: begun, signer: bob, now: NOW })
    const verdict = await judged(null, signed)
    expect(verdict).toMatchObject({ lacking: 0, complete: true })
    expect(verdict.statement).toBe((await judged(null, begun)).statement)
    const state = await completed(null, signed)
    expect(state).toMatchObject({ address: verdict.address, roots: [expect.any(Uint8Array)] })
    expect(state.timestamp).toBeUndefined()
    expect((await openState(state, NOW)).ok).toBe(true)
    // One more signature would make another address.
    const late = signProposal({ state: null, proposal: signed, signer: carol, now: NOW })
    await expect(late).rejects.toMatchObject({ code: 'bad-argument' })
  })

  it('is not to be signed by a stranger', async () => {
    const [stranger] = (await testSigners(6, 1)) as [Signer]
    const mine = proposeArchive({ ...names, signer: stranger, now: NOW })
    await expect(mine).rejects.toMatchObject({ code: 'threshold-unmet' })
  })

  it('makes one archive, though copies may make two: whoever merges is told', async () => {
    const [alice, bob, carol] = signers as [Signer, Signer, Signer]
    const begun = await proposeArchive({ ...names, signer: alice, now: NOW })
    const withBob = await signProposal({ state: null, proposal: begun, signer: bob, now: NOW })
    const withCarol = await signProposal({ state: null, proposal: begun, signer: carol, now: NOW })
    expect(await mergeProposals(null, [begun, withBob])).toEqual(withBob)
    await expect(mergeProposals(null, [withBob, withCarol])).rejects.toMatchObject({ code: 'bad-argument' })
  })

  it.each([
    ['a threshold of none', { threshold: 0 }],
    ['a threshold that nobody can meet', { threshold: 4 }],
    ['half a threshold', { threshold: 1.5 }],
    ['no name', { name: '' }],
    ['a name of 201 letters', { name: 'x'.repeat(201) }],
    ['a key that is none', { maintainers: ['ab'] }],
    ['a heartbeat that is no key', { heartbeat: 'ab' }],
  ])('with %s is refused', async (_what, change) => {
    const [alice] = signers as [Signer]
    const bad = proposeArchive({ ...names, ...change, signer: alice, now: NOW })
    await expect(bad).rejects.toMatchObject({ code: 'bad-argument' })
  })

  it('names nobody twice, and no maintainer as heartbeat', async () => {
    const [alice] = signers as [Signer]
    const twice = proposeArchive({ ...names, maintainers: [alice.publicKey, alice.publicKey], signer: alice, now: NOW })
    await expect(twice).rejects.toMatchObject({ code: 'bad-argument' })
    const both = proposeArchive({ ...names, heartbeat: alice.publicKey, signer: alice, now: NOW })
    await expect(both).rejects.toMatchObject({ code: 'bad-argument' })
  })
})

describe('a release that two of three must sign', () => {
  let alice: Signer
  let bob: Signer
  let carol: Signer
  let state: TrustedState
  let proposal: Proposal
  beforeEach(async () => {
    const publisher = await Publisher.create({ maintainers: 3, threshold: 2 })
    await publisher.release('one')
    ;[alice, bob, carol] = publisher.signers as [Signer, Signer, Signer]
    state = publisher.state
    proposal = await proposeRelease({
      state,
      content: await testContent('two'),
      message: 'Two',
      signer: alice,
      now: NOW,
    })
  })
  const sign = async (by: Signer, of = proposal): Promise<Proposal> =>
    await signProposal({ state, proposal: of, signer: by, now: NOW })

  it('is complete with any two, and then an announcement like any other', async () => {
    expect(await judged(state, proposal)).toMatchObject({
      kind: 'release',
      version: 2,
      signers: [alice.publicKey],
      lacking: 1,
      complete: false,
      release: { message: 'Two', files: 3 },
      before: { threshold: 2 },
    })
    expect(await completeProposal(state, proposal)).toBeNull()
    for (const second of [bob, carol]) {
      const done = await completed(state, await sign(second))
      const verdict = await verifyAnnouncement(state, announcementOf(done), NOW)
      expect(verdict).toMatchObject({ outcome: 'accept', newRelease: true, release: { version: 2, message: 'Two' } })
      if (verdict.outcome === 'accept')
        expect(verdict.release.signers.toSorted()).toEqual([alice.publicKey, second.publicKey].toSorted())
    }
  })

  it('is no more complete when the same one signs twice', async () => {
    expect(await judged(state, await sign(alice))).toMatchObject({ signers: [alice.publicKey], lacking: 1 })
  })

  it('is the same in all copies, and merging them in any order gives the same', async () => {
    const publisher = await Publisher.create({ maintainers: 3, threshold: 3, seed: 9 })
    await publisher.release('one')
    const [a, b, c] = publisher.signers as [Signer, Signer, Signer]
    const begin = { state: publisher.state, content: await testContent('two'), message: 'Two', now: NOW }
    const begun = await proposeRelease({ ...begin, signer: a })
    const copies = await Promise.all(
      [b, c].map(async (signer) => await signProposal({ state: publisher.state, proposal: begun, signer, now: NOW })),
    )
    const [one, other] = copies as [Proposal, Proposal]
    const merged = await mergeProposals(publisher.state, [one, other])
    expect(await judged(publisher.state, merged)).toMatchObject({ lacking: 0 })
    const reversed = await mergeProposals(publisher.state, [other, one])
    expect(encodeProposal({ ...reversed, summary: '' })).toEqual(encodeProposal({ ...merged, summary: '' }))
    // Whoever signs once more makes the last parts fit what is signed now.
    const last = await signProposal({ state: publisher.state, proposal: merged, signer: a, now: NOW })
    const done = await completed(publisher.state, last)
    expect(await verifyAnnouncement(publisher.state, announcementOf(done), NOW)).toMatchObject({ outcome: 'accept' })
  })

  it('is not merged with another one, nor with nothing, nor with nonsense', async () => {
    const other = await proposeRelease({ state, content: await testContent('x'), message: 'X', signer: bob, now: NOW })
    await expect(mergeProposals(state, [proposal, other])).rejects.toMatchObject({ code: 'bad-argument' })
    await expect(mergeProposals(state, [])).rejects.toMatchObject({ code: 'bad-argument' })
    const nonsense = { ...proposal, targets: new Uint8Array([1]) }
    await expect(mergeProposals(state, [proposal, nonsense])).rejects.toMatchObject({ code: 'bad-argument' })
    const many = Array.from({ length: 129 }, () => proposal)
    await expect(mergeProposals(state, many)).rejects.toMatchObject({ code: 'bad-argument' })
  })

  it('is signed no more once that version exists: no version is signed twice', async () => {
    const done = await completed(state, await sign(bob))
    const late = signProposal({ state: done, proposal, signer: carol, now: NOW })
    await expect(late).rejects.toMatchObject({
      code: 'bad-argument',
      message: expect.stringContaining('exists already'),
    })
  })

  it('is signed by no stranger, and a heartbeat key counts for nothing in it', async () => {
    const [stranger] = (await testSigners(8, 1)) as [Signer]
    await expect(sign(stranger)).rejects.toMatchObject({ code: 'threshold-unmet' })
  })

  it('drops signatures that are wrong', async () => {
    const file = JSON.parse(new TextDecoder().decode(proposal.targets ?? undefined)) as {
      signatures: { sig: string }[]
    }
    const [first] = file.signatures
    if (first !== undefined) first.sig = first.sig.replace(/^../, first.sig.startsWith('00') ? '11' : '00')
    const spoilt = { ...proposal, targets: new TextEncoder().encode(JSON.stringify(file)) }
    expect(await judged(state, spoilt)).toMatchObject({ signers: [], lacking: 2 })
    expect(await judged(state, await sign(bob, spoilt))).toMatchObject({ signers: [bob.publicKey], lacking: 1 })
  })

  it('of another archive is none of ours', async () => {
    const other = await Publisher.create({ maintainers: 3, threshold: 2, name: 'Another' })
    await other.release('one')
    expect(await judgeProposal(other.state, proposal)).toMatchObject({ ok: false, code: 'wrong-archive' })
    const grafted = { ...proposal, address: other.address, roots: other.state.roots }
    expect(await judgeProposal(other.state, grafted)).toMatchObject({ ok: false, code: 'wrong-archive' })
  })

  it('names the release that it follows, in both places alike', async () => {
    const parent = 'a'.repeat(64)
    expect(await judgeProposal(state, { ...proposal, parent })).toMatchObject({ ok: false, code: 'bad-format' })
    expect(await judgeProposal(state, { ...proposal, targets: null })).toMatchObject({ ok: false, code: 'bad-format' })
  })

  it('says in its summary how far it is', async () => {
    expect(proposal.summary).toBe('Release 2 of "Test archive": 1 signed, 1 more needed')
    expect((await sign(bob)).summary).toBe('Release 2 of "Test archive": 2 signed, complete')
  })
})

describe('the file', () => {
  it('is read as it was written, and in no other spelling', async () => {
    const publisher = await Publisher.create({ maintainers: 2, threshold: 2 })
    await publisher.release('one')
    const [alice] = publisher.signers as [Signer]
    const { state } = publisher
    const proposal = await proposeRelease({
      state,
      content: await testContent('two'),
      message: 'Two',
      signer: alice,
      now: NOW,
    })
    const bytes = encodeProposal(proposal)
    expect(bytes.length).toBeLessThan(8192)
    expect(parseProposal(bytes)).toEqual({ ok: true, proposal })
    for (const bad of [
      bytes.subarray(0, -1),
      new Uint8Array([...bytes, 0]),
      new Uint8Array([0xbf, ...bytes.subarray(1)]),
      new Uint8Array(),
      new TextEncoder().encode('holdfast'),
    ])
      expect(parseProposal(bad)).toMatchObject({ ok: false, code: 'bad-format' })
    expect(parseProposal(new Uint8Array(320 * 1024 + 1))).toMatchObject({ ok: false, code: 'too-large' })
    expect(() => encodeProposal({ ...proposal, summary: 'x'.repeat(1025) })).toThrow(/summary/)
    expect(() => encodeProposal({ ...proposal, summary: 'a\u0007b' })).toThrow(/summary/)
    expect(() => encodeProposal({ ...proposal, targets: new Uint8Array(320 * 1024) })).toThrow(/too|more than/)
  })
})

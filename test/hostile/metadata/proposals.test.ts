/** Proposals from strangers, and from thieves of one key: what an honest program would not write is never signed (trust.md). */
import { Publisher, tamper, testContent, testSigners } from '@holdfast/testkit'
import { beforeEach, expect, it } from 'vitest'
import {
  announcementOf,
  completeProposal,
  judgeProposal,
  mergeProposals,
  proposeArchive,
  proposeRelease,
  proposeRoot,
  signProposal,
  verifyAnnouncement,
  type Proposal,
  type Signer,
  type TrustedState,
} from '@holdfast/release'

let alice: Publisher
let signers: [Signer, Signer, Signer]
let state: TrustedState

beforeEach(async () => {
  alice = await Publisher.create({ maintainers: 3, threshold: 2 })
  await alice.release('one')
  signers = alice.signers as typeof signers
  state = alice.state
})

const keysOf = (threshold = 2): { name: string; maintainers: string[]; threshold: number } => ({
  name: 'Test archive',
  maintainers: signers.map(({ publicKey }) => publicKey),
  threshold,
})
const ofRelease = async (text: string, at = state): Promise<Proposal> =>
  await proposeRelease({
    state: at,
    content: await testContent(text),
    message: text,
    signer: signers[0],
    now: alice.now,
  })
const ofKeys = async (at = state): Promise<Proposal> =>
  await proposeRoot({ ...keysOf(3), state: at, signer: signers[0], now: alice.now })
const code = async (known: TrustedState | null, proposal: Proposal): Promise<string> => {
  const verdict = await judgeProposal(known, proposal)
  return verdict.ok ? 'fine' : verdict.code
}

it('a first root comes alone, and is the first', async () => {
  const [signer] = signers
  const begun = await proposeArchive({ ...keysOf(), signer, now: alice.now })
  const { targets, snapshot, timestamp } = alice.announcement()
  for (const more of [{ targets }, { snapshot }, { timestamp }, { roots: state.roots }, { root: null }])
    expect(await code(null, { ...begun, ...more }), Object.keys(more).join()).toBe('bad-format')
  await alice.rotate(signers)
  const second = alice.state.roots[1] as Uint8Array
  expect(await code(null, { ...begun, root: second })).toBe('bad-format')
})

it('new keys were proposed for this archive, with a name, and for the next version', async () => {
  const proposal = await ofKeys()
  const change = (
    what: (file: { signed: { holdfast: Record<string, unknown>; version: number } }) => void,
  ): Proposal => ({
    ...proposal,
    root: tamper(proposal.root as Uint8Array, what),
  })
  expect(await code(state, proposal)).toBe('fine')
  expect(
    await code(
      state,
      change((file) => (file.signed.holdfast['archive'] = 'another')),
    ),
  ).toBe('wrong-archive')
  expect(
    await code(
      state,
      change((file) => (file.signed.holdfast['name'] = '')),
    ),
  ).toBe('bad-format')
  expect(
    await code(
      state,
      change((file) => (file.signed.version = 3)),
    ),
  ).toBe('rollback-root')
})

it('files that are too large are not read', async () => {
  const proposal = await ofRelease('two')
  expect(await code(state, { ...proposal, targets: new Uint8Array(128 * 1024 + 1) })).toBe('too-large')
  expect(await code(state, { ...(await ofKeys()), root: new Uint8Array(60 * 1024 + 1) })).toBe('too-large')
})

it('signatures alone do not complete it: what goes around them has to fit, and be signed', async () => {
  const signed = await signProposal({ state, proposal: await ofRelease('two'), signer: signers[1], now: alice.now })
  expect(await judgeProposal(state, signed)).toMatchObject({ complete: true })
  const { snapshot, timestamp } = alice.announcement()
  for (const other of [{ snapshot: null }, { timestamp: null }, { snapshot }, { timestamp }]) {
    const spoilt = { ...signed, ...other }
    expect(await judgeProposal(state, spoilt)).toMatchObject({ lacking: 0, complete: false })
    expect(await completeProposal(state, spoilt)).toBeNull()
  }
  // Whoever signs again makes it fit.
  const mended = await signProposal({ state, proposal: { ...signed, timestamp }, signer: signers[0], now: alice.now })
  expect(await judgeProposal(state, mended)).toMatchObject({ complete: true })
})

it('new keys take over the newest release, and no older one', async () => {
  const proposal = await ofKeys()
  await alice.release('two')
  const late = signProposal({ state: alice.state, proposal, signer: signers[1], now: alice.now })
  await expect(late).rejects.toMatchObject({ code: 'bad-argument', message: expect.stringContaining('newest here') })
})

it('no version of snapshot or timestamp comes twice, whoever renewed meanwhile', async () => {
  const proposal = await ofRelease('two')
  for (let i = 0; i < 5; i++) await alice.renew()
  const signed = await signProposal({ state: alice.state, proposal, signer: signers[1], now: alice.now })
  const done = await completeProposal(alice.state, signed)
  if (done === null) throw new Error('it is not complete')
  expect(await verifyAnnouncement(alice.state, announcementOf(done), alice.now)).toMatchObject({
    outcome: 'accept',
    release: { version: 2 },
  })
})

it('copies with new keys are merged with all their signatures, and with the newest roots', async () => {
  const begun = await ofKeys()
  const [, bob, carol] = signers
  const copies = await Promise.all(
    [bob, carol].map(async (signer) => await signProposal({ state, proposal: begun, signer, now: alice.now })),
  )
  const merged = await mergeProposals(state, [begun, ...copies])
  expect(await judgeProposal(state, merged)).toMatchObject({
    lacking: 0,
    signers: expect.arrayContaining([bob.publicKey, carol.publicKey]),
  })
  expect(merged.roots).toEqual(state.roots)
})

it('a stranger who signs a copy adds nothing to it', async () => {
  const [stranger] = (await testSigners(9, 1)) as [Signer]
  const proposal = await ofRelease('two')
  const file = JSON.parse(new TextDecoder().decode(proposal.targets ?? undefined)) as { signatures: object[] }
  file.signatures.push({ keyid: stranger.keyId, sig: 'ab'.repeat(64) })
  const padded = { ...proposal, targets: new TextEncoder().encode(JSON.stringify(file)) }
  const merged = await mergeProposals(state, [padded, proposal])
  expect(new TextDecoder().decode(merged.targets ?? undefined)).not.toContain(stranger.keyId)
})

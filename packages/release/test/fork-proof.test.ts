/** The proof that two releases were signed under one version: whoever has it convinces anybody, and nobody makes one up. */
import { forge, Publisher, testSigners } from '@holdfast/testkit'
import { beforeEach, expect, it } from 'vitest'
import {
  encodeForkProof,
  forkProofFrom,
  parseForkProof,
  verifyForkProof,
  type Announcement,
  type ForkProof,
} from '../src/index.ts'

let alice: Publisher
let bob: Publisher
let second: Announcement
let proof: ForkProof

beforeEach(async () => {
  alice = await Publisher.create({ maintainers: 3, threshold: 2 })
  await alice.release('one')
  bob = alice.branch()
  await alice.release('two')
  second = await bob.release('other two')
  proof = (await forkProofFrom(alice.state, second)) as ForkProof
})

it('convinces whoever has it, from both sides', async () => {
  const verdict = await verifyForkProof(proof)
  expect(verdict).toMatchObject({ ok: true, address: alice.address, version: 2 })
  if (!verdict.ok) return
  expect(verdict.first.cid.equals(verdict.second.cid)).toBe(false)
  const mirrored = (await forkProofFrom(bob.state, alice.bytes())) as ForkProof
  expect(await verifyForkProof(mirrored)).toMatchObject({ ok: true, version: 2 })
})

it('is read as it was written, and in no other spelling', () => {
  const bytes = encodeForkProof(proof)
  expect(parseForkProof(bytes)).toEqual({ ok: true, proof })
  for (const bad of [bytes.subarray(0, -1), new Uint8Array([...bytes, 0]), new Uint8Array(), new Uint8Array([0xa0])])
    expect(parseForkProof(bad)).toMatchObject({ ok: false, code: 'bad-format' })
  expect(parseForkProof(new Uint8Array(320 * 1024 + 1))).toMatchObject({ ok: false, code: 'too-large' })
  expect(() => encodeForkProof({ ...proof, first: new Uint8Array(320 * 1024) })).toThrow(
    expect.objectContaining({ code: 'too-large' }),
  )
  const manyRoots = { ...proof, roots: Array.from({ length: 2 }, () => new Uint8Array(40 * 1024)) }
  expect(parseForkProof(encodeForkProof(manyRoots))).toMatchObject({ ok: false, code: 'too-large' })
})

it('holds although the keys changed between the branches', async () => {
  const [carol, dave] = await testSigners(9, 2)
  await bob.rotate([carol, dave].filter((signer) => signer !== undefined))
  const later = (await forkProofFrom(alice.state, await bob.release('three'))) ?? null
  // Another version: no fork.
  expect(later).toBeNull()
  const signedAnew = { ...bob.announcement(), targets: second.targets, snapshot: second.snapshot }
  expect(await forkProofFrom(alice.state, signedAnew)).not.toBeNull()
})

it('cannot be made of one release, nor of the same with other signatures', async () => {
  expect(await forkProofFrom(alice.state, alice.announcement())).toBeNull()
  const resigned = await forge(alice.announcement(), { signers: alice.signers })
  expect(await forkProofFrom(alice.state, resigned)).toBeNull()
  expect(await verifyForkProof({ ...proof, second: proof.first })).toMatchObject({ ok: false, code: 'bad-format' })
})

it('cannot be made of two versions', async () => {
  const older = bob.branch()
  await older.release('three')
  const { targets } = older.announcement()
  expect(await verifyForkProof({ ...proof, second: targets })).toMatchObject({ ok: false, code: 'bad-format' })
})

it('cannot be made with too few signatures, by strangers, or of another archive', async () => {
  const lone = await forge(second, { signers: bob.signers.slice(0, 1), targets: () => undefined })
  expect(await verifyForkProof({ ...proof, second: lone.targets })).toMatchObject({ ok: false, code: 'threshold' })
  const stranger = await forge(second, { signers: await testSigners(8, 3), targets: () => undefined })
  expect(await verifyForkProof({ ...proof, second: stranger.targets })).toMatchObject({ ok: false })
  const other = await Publisher.create({ maintainers: 3, threshold: 2, name: 'Another' })
  expect(await verifyForkProof({ ...proof, address: other.address })).toMatchObject({
    ok: false,
    code: 'wrong-archive',
  })
  expect(await verifyForkProof({ ...proof, roots: [] })).toMatchObject({ ok: false, code: 'roots-missing' })
})

it('is not made where no release is held', async () => {
  const empty = await Publisher.create({ maintainers: 3, threshold: 2 })
  expect(await forkProofFrom(empty.state, second)).toBeNull()
  expect(await forkProofFrom(alice.state, new Uint8Array([1, 2, 3]))).toBeNull()
})

/** Metadata of another archive under our address, by the same maintainers even (trust.md). */
import { Publisher, testSigners } from '@holdfast/testkit'
import { expect, it } from 'vitest'
import { forkProofFrom } from '@holdfast/release'
import { judged } from './judged.ts'

it('another archive is never taken for ours, not even one by the same maintainers', async () => {
  const alice = await Publisher.create({ maintainers: 3, threshold: 2 })
  const other = await Publisher.create({ maintainers: 3, threshold: 2, name: 'Another archive' })
  await alice.release('one')
  await other.release('one')
  await other.release('two')
  expect(await judged({ address: alice.address, roots: [] }, other.announcement(), alice.now)).toBe('wrong-archive')
  expect(await judged(alice.state, other.announcement(), alice.now)).toBe('wrong-archive')
  // Our roots in front make it ours only if ours had signed it, and the same keys did: the version counts on.
  const mixed = { ...other.announcement(), roots: [...alice.state.roots, ...other.state.roots] }
  expect(await judged(alice.state, mixed, alice.now)).toBe('wrong-archive')
  // Nor by the same keys under the very root that names them here: a signature alone does not say for which archive.
  const grafted = { ...other.announcement(), roots: alice.state.roots }
  expect(await judged(alice.state, grafted, alice.now)).toBe('wrong-archive')
  await other.rotate(await testSigners(4, 3))
  const later = { ...other.announcement(), roots: other.state.roots.slice(1) }
  expect(await judged({ address: alice.address, roots: [] }, later, alice.now)).toBe('roots-missing')
  expect(await judged(alice.state, later, alice.now)).toBe('wrong-archive')
})

it('a release of another archive proves no fork of this one', async () => {
  const alice = await Publisher.create()
  const other = await Publisher.create({ name: 'Another archive' })
  await alice.release('one')
  await other.release('two')
  const grafted = { ...other.announcement(), roots: alice.state.roots }
  expect(await judged(alice.state, grafted, alice.now)).toBe('wrong-archive')
  expect(await forkProofFrom(alice.state, grafted)).toBeNull()
})

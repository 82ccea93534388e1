/** What an archive may be called, and what is read of its keys: names and keys are shown to people. */
import { Publisher, tamper, testSigners } from '@holdfast/testkit'
import { expect, it } from 'vitest'
import { heartbeatsOf, isArchiveName, maintainersOf, requireArchive } from '../src/archive-root.ts'
import { authorRoot, encodeAnnouncement, openState } from '../src/index.ts'
import { MAX_ANNOUNCED_ROOT_BYTES, MAX_NAME_CHARS } from '../src/limits.ts'
import { parseRoot, parseTargets } from '../src/metadata.ts'

it.each([
  ['a', true],
  ['名單 (2019) 🏳', true],
  ['x'.repeat(MAX_NAME_CHARS), true],
  // One character each, though two units of UTF-16.
  ['🏳'.repeat(MAX_NAME_CHARS), true],
  ['x'.repeat(MAX_NAME_CHARS + 1), false],
  ['', false],
  [' \u3000 ', false],
  ['a\nb', false],
  ['a\u202Eb', false],
])('%j', (name, may) => expect(isArchiveName(name)).toBe(may))

it('maintainers are those who sign releases, a heartbeat whoever signs timestamps alone', async () => {
  const alice = await Publisher.create({ maintainers: 3, threshold: 2 })
  const [heartbeat] = await testSigners(7, 1)
  const before = parseRoot(alice.state.roots[0] as Uint8Array).signed
  const maintainers = alice.signers.map(({ publicKey }) => publicKey)
  expect(maintainersOf(before)).toEqual({ publicKeys: maintainers, threshold: 2 })
  expect(heartbeatsOf(before)).toEqual([])
  const { signers, state, now } = alice
  const keys = { maintainers, threshold: 2, ...(heartbeat && { heartbeat: heartbeat.publicKey }) }
  const next = await authorRoot({ state, name: 'Test archive', ...keys, signers, now })
  const after = parseRoot(next.roots[1] as Uint8Array).signed
  expect(maintainersOf(after)).toEqual({ publicKeys: maintainers, threshold: 2 })
  expect(heartbeatsOf(after)).toEqual([heartbeat?.publicKey])
})

it('what was signed for no archive, or for another, is told', async () => {
  const alice = await Publisher.create()
  await alice.release('one')
  const { targets } = alice.announcement()
  expect(() => requireArchive(parseTargets(targets).signed, alice.address, 'targets')).not.toThrow()
  for (const change of [{}, { holdfast: undefined }, { holdfast: { archive: 'another' } }]) {
    const other = tamper(targets, (file) => {
      if ('holdfast' in change) file.signed.holdfast = change.holdfast
      else delete file.signed.holdfast
    })
    expect(() => requireArchive(parseTargets(other).signed, alice.address, 'targets')).toThrow(/not signed for this/)
  }
})

it('a state whose roots are out of order, or of which a part is missing, is not opened', async () => {
  const alice = await Publisher.create()
  await alice.release('one')
  await alice.rotate(alice.signers)
  const { state, now } = alice
  expect(await openState(state, now)).toMatchObject({ ok: true })
  expect(await openState({ ...state, roots: state.roots.toReversed() }, now)).toMatchObject({ ok: false })
  expect(await openState({ ...state, roots: [...state.roots, ...state.roots.slice(-1)] }, now)).toMatchObject({
    ok: false,
  })
  const { snapshot: _snapshot, ...partial } = state
  expect(await openState(partial, now)).toMatchObject({ ok: false })
})

it('an announcement of a chain that is too long carries its newest roots, as many as fit', () => {
  const root = (at: number): Uint8Array => new Uint8Array(20_000).fill(at)
  const parts = { timestamp: new Uint8Array(1), snapshot: new Uint8Array(1), targets: new Uint8Array(1) }
  const announce = (roots: Uint8Array[]): number => encodeAnnouncement({ ...parts, roots }).length
  expect(announce([1, 2, 3, 4, 5].map(root))).toBe(announce([3, 4, 5].map(root)))
  expect(announce([new Uint8Array(MAX_ANNOUNCED_ROOT_BYTES)])).toBeGreaterThan(MAX_ANNOUNCED_ROOT_BYTES)
  expect(() => announce([new Uint8Array(MAX_ANNOUNCED_ROOT_BYTES + 1)])).toThrow(/newest root/)
  expect(() => encodeAnnouncement({ ...parts, roots: [root(1)], targets: new Uint8Array(256 * 1024) })).toThrow(
    /more than/,
  )
})

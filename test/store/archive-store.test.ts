/** The archives of a home on disk: verbatim, all or nothing, and never guessing. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openPastRelease, openState, type TrustedState } from '@holdfast/release'
import { Publisher } from '@holdfast/testkit'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ArchiveStore } from '../../src/store/archive-store.ts'
import { temporaryFolder } from './store-fixture.ts'

async function published(releases: number): Promise<Publisher> {
  const alice = await Publisher.create()
  for (let i = 1; i <= releases; i++) await alice.release(`content ${i}`)
  return alice
}

const targetsOf = ({ state }: Publisher): Uint8Array => state.targets ?? new Uint8Array(0)

describe('an archive', () => {
  it('comes back byte for byte, heads, hints and name', async () => {
    const folder = join(temporaryFolder(), 'archives')
    const store = new ArchiveStore(folder)
    const alice = await published(2)
    const { address, state } = alice
    expect([await store.addresses(), await store.load(address)]).toEqual([[], null])
    await store.follow(address, { hints: ['https://a.example/x'], name: 'claimed' })
    expect(await store.load(address)).toEqual({
      state: { address, roots: [] },
      served: null,
      hints: ['https://a.example/x'],
      name: 'claimed',
    })
    await store.saveState(state)
    await store.saveServed(address, 1)
    await store.saveHints(address, [])
    const again = new ArchiveStore(folder)
    expect(await again.addresses()).toEqual([address])
    const stored = await again.load(address)
    expect(stored).toEqual({ state, served: 1, hints: [], name: 'claimed' })
    expect(await openState(stored?.state as TrustedState, alice.now)).toMatchObject({
      ok: true,
      release: { version: 2 },
    })
  })

  it('without a release yet comes back too', async () => {
    const store = new ArchiveStore(temporaryFolder())
    const { address, state } = await Publisher.create()
    await store.saveState(state)
    expect(await store.load(address)).toEqual({ state, served: null, hints: [] })
    expect(await store.pastVersions(address)).toEqual([])
  })

  it('of whatever bytes comes back as it was (property)', async () => {
    const { address, state } = await published(1)
    const store = new ArchiveStore(temporaryFolder())
    const bytes = fc.uint8Array({ maxLength: 500 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(bytes, { minLength: 1, maxLength: 4 }),
        bytes,
        bytes,
        async (roots, timestamp, snapshot) => {
          const odd = { ...state, roots, timestamp, snapshot }
          await store.saveState(odd)
          expect((await store.load(address))?.state).toEqual(odd)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('keeps the targets of each release, verbatim, for whoever verifies them again', async () => {
    const store = new ArchiveStore(temporaryFolder())
    const alice = await published(0)
    const past: Uint8Array[] = []
    for (let i = 1; i <= 11; i++) {
      await alice.release(`content ${i}`)
      await store.saveState(alice.state)
      past.push(targetsOf(alice))
    }
    const { address } = alice
    expect(await store.pastVersions(address)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    for (const [i, targets] of past.entries()) expect(await store.pastTargets(address, i + 1)).toEqual(targets)
    expect([await store.pastTargets(address, 12), await store.pastTargets(address, 0.5)]).toEqual([null, null])
    const opened = await openPastRelease(alice.state, (await store.pastTargets(address, 3)) ?? new Uint8Array(0))
    expect(opened).toMatchObject({ ok: true, release: { version: 3 } })
  })

  it('takes in the targets of a release that was missed', async () => {
    const store = new ArchiveStore(temporaryFolder())
    const alice = await published(1)
    const missed = targetsOf(alice)
    await alice.release('content 2')
    await store.saveState(alice.state)
    await store.saveTargets(alice.address, 1, missed)
    expect(await store.pastVersions(alice.address)).toEqual([1, 2])
    expect(await store.pastTargets(alice.address, 1)).toEqual(missed)
  })

  it('that is forgotten leaves nothing, and can be followed anew', async () => {
    const folder = temporaryFolder()
    const store = new ArchiveStore(folder)
    const { address, state } = await published(1)
    await store.saveState(state)
    await store.forget(address)
    expect([await store.addresses(), await store.load(address), readdirSync(folder)]).toEqual([[], null, []])
    await store.forget(address)
    await store.follow(address, { hints: [] })
    expect(await store.load(address)).toEqual({ state: { address, roots: [] }, served: null, hints: [] })
  })

  it('lies where nobody else can read', async () => {
    const folder = temporaryFolder()
    const { address, state } = await published(1)
    await new ArchiveStore(folder).saveState(state)
    expect(statSync(join(folder, address)).mode & 0o777).toBe(0o700)
    expect(statSync(join(folder, address, 'state.json')).mode & 0o777).toBe(0o600)
  })
})

describe('a file that is not as it was written', () => {
  it.each(['state.json', 'served.json', 'follow.json'])('is named and left alone: %s', async (name) => {
    const folder = temporaryFolder()
    const { address, state } = await published(1)
    const store = new ArchiveStore(folder)
    await store.follow(address, { hints: [] })
    await store.saveState(state)
    await store.saveServed(address, 1)
    const file = join(folder, address, name)
    const whole = readFileSync(file)
    const half = whole.subarray(0, whole.length / 2)
    const flipped = Uint8Array.from(whole)
    flipped[whole.length - 4] = (flipped[whole.length - 4] ?? 0) ^ 1
    for (const bytes of [half, flipped, new Uint8Array(0), Buffer.from('{}')]) {
      writeFileSync(file, bytes)
      await expect(store.load(address)).rejects.toMatchObject({
        code: 'damaged',
        message: expect.stringContaining(file),
      })
      expect(Buffer.compare(readFileSync(file), bytes)).toBe(0)
    }
    writeFileSync(file, whole)
    expect((await store.load(address))?.served).toBe(1)
  })

  it('or was written by a later version, is no damage', async () => {
    const folder = temporaryFolder()
    const { address, state } = await published(1)
    const store = new ArchiveStore(folder)
    await store.saveState(state)
    writeFileSync(join(folder, address, 'state.json'), 'holdfast 2 something else')
    await expect(store.load(address)).rejects.toMatchObject({ code: 'newer-format' })
  })

  it('or belongs to another archive, is damage', async () => {
    const folder = temporaryFolder()
    const [alice, bob] = [await published(1), await Publisher.create({ seed: 2 })]
    const store = new ArchiveStore(folder)
    await store.saveState(alice.state)
    await store.follow(bob.address, { hints: [] })
    writeFileSync(join(folder, bob.address, 'state.json'), readFileSync(join(folder, alice.address, 'state.json')))
    await expect(store.load(bob.address)).rejects.toMatchObject({ code: 'damaged' })
  })
})

it('nothing but an address becomes a path', async () => {
  const folder = join(temporaryFolder(), 'archives')
  const store = new ArchiveStore(folder)
  const outside = join(folder, '..', 'outside')
  for (const text of ['../outside', '.', '', 'x/../../outside', 'bafkqaaa', 'a\0b']) {
    const refused = expect.objectContaining({ code: 'bad-address' })
    await expect(store.load(text)).rejects.toEqual(refused)
    await expect(store.follow(text, { hints: [] })).rejects.toEqual(refused)
    await expect(store.forget(text)).rejects.toEqual(refused)
    await expect(store.saveServed(text, 1)).rejects.toEqual(refused)
    await expect(store.pastTargets(text, 1)).rejects.toEqual(refused)
  }
  expect([existsSync(outside), existsSync(folder)]).toEqual([false, false])
})

it('what a crash left half done is passed over and tidied up', async () => {
  const folder = temporaryFolder()
  const { address, state } = await published(1)
  await new ArchiveStore(folder).saveState(state)
  const left = join(folder, address, '.state.json.0123456789ab.unfinished')
  writeFileSync(left, 'half')
  mkdirSync(join(folder, `.forgotten-${address}`))
  const store = new ArchiveStore(folder)
  expect(await store.addresses()).toEqual([address])
  expect((await store.load(address))?.state).toEqual(state)
  await store.saveServed(address, 1)
  expect(existsSync(left)).toBe(false)
})

/** Chains of roots in the client workflow, and what new keys put an end to (TUF 5.3). */
import { tufKey } from '@holdfast/testkit'
import { beforeEach, describe, expect, it } from 'vitest'
import { TufClient, type MetadataSource } from '../src/index.ts'
import { MAX_ROOTS } from '../src/limits.ts'
import { NOW, VisitedRepository } from './visited-repository.ts'

const [alice, bob] = [tufKey('ed25519', 1), tufKey('ed25519', 2)]
const utf8 = new TextEncoder()

let visit: VisitedRepository

beforeEach(() => {
  visit = new VisitedRepository([bob])
})

describe('roots', () => {
  it('are taken one after the other, as many as there are, and the last is kept', async () => {
    await visit.refresh()
    const keys = Array.from({ length: 5 }, (_, i) => tufKey('ed25519', 10 + i))
    for (const key of keys) visit.repository.keys.set(key.id, key)
    for (const key of keys) {
      visit.advance('timestamp', 'snapshot', 'targets')
      visit.rotate({ root: key, targets: key })
    }
    expect(await visit.refresh()).toBe('ok')
    expect(visit.names().slice(0, 6)).toEqual([2, 3, 4, 5, 6, 7].map((version) => `${version}.root.json`))
    expect(visit.versionOf('root')).toBe(6)
  })

  it('that expired in between do no harm; the last one does', async () => {
    const { root } = visit.repository
    root.expires = '2026-01-01T00:00:00Z'
    visit.rotate()
    expect(await visit.refresh()).toBe('expired')
    visit.repository.nextRoot().expires = '2027-01-01T00:00:00Z'
    visit.served = visit.repository.publish()
    expect(await visit.refresh()).toBe('ok')
  })

  it('must be signed by the old keys and by the new ones', async () => {
    for (const signer of [alice, bob]) {
      visit = new VisitedRepository([bob])
      const root = visit.repository.nextRoot()
      root.keys[bob.id] = bob.object
      root.roles.root = { keyids: [bob.id], threshold: 1 }
      expect(await visit.refresh(visit.repository.build({ signers: { root: () => [signer] } }))).toBe('threshold')
      expect(visit.versionOf('root')).toBe(1)
    }
  })

  it('do not skip a version', async () => {
    visit.rotate()
    visit.rotate()
    const files = new Map([...visit.served, ['2.root.json', visit.file('3.root.json')]])
    expect(await visit.refresh(files)).toBe('rollback-root')
    expect(visit.versionOf('root')).toBe(1)
  })

  it('without end are not followed to the end', async () => {
    const files = new Map(visit.served)
    const endless: MetadataSource = {
      fetch: async (file, maxBytes) => {
        const version = Number(/^(\d+)\.root\.json$/.exec(file)?.[1] ?? 0)
        if (version > visit.repository.root.version) {
          visit.repository.nextRoot()
          return visit.repository.build().get('root.json') ?? null
        }
        return await visit.source(files).fetch(file, maxBytes)
      },
    }
    const outcome = await new TufClient(visit.trustedFiles(), endless, new Date(NOW)).refresh()
    expect(outcome).toMatchObject({ ok: false, code: 'too-many-roots' })
    expect(visit.versionOf('root')).toBe(1 + MAX_ROOTS)
  })
})

describe('a thief who pushed versions up', () => {
  const stolen = 1_000_000

  beforeEach(async () => {
    visit.repository.timestamp.version = stolen
    visit.repository.snapshot.version = stolen
    expect(await visit.refresh(visit.repository.build())).toBe('ok')
    visit.repository.timestamp.version = 2
    visit.repository.snapshot.version = 2
  })

  it('locks everybody out while the keys stay', async () => {
    expect(await visit.refresh(visit.repository.build())).toBe('rollback-timestamp')
  })

  it.each(['timestamp', 'snapshot'])('is rid of by a new key for %s', async (role) => {
    visit.rotate({ [role]: bob })
    expect(await visit.refresh()).toBe('ok')
    expect([visit.versionOf('timestamp'), visit.versionOf('snapshot')]).toEqual([2, 2])
  })

  it('is rid of even when the root after that one is bad', async () => {
    visit.rotate({ timestamp: bob })
    const files = new Map([...visit.served, ['3.root.json', utf8.encode('{}')]])
    expect(await visit.refresh(files)).toBe('bad-format')
    expect([visit.versionOf('root'), visit.versionOf('timestamp'), visit.versionOf('snapshot')]).toEqual([
      2,
      null,
      null,
    ])
    expect(await visit.refresh()).toBe('ok')
  })
})

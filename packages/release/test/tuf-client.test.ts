/** The client workflow of TUF 5.4 to 5.6: what is asked for, what is kept, what is refused. */
import { tufKey, type Edits, type Statement } from '@holdfast/testkit'
import * as fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { TufClient } from '../src/index.ts'
import { MAX_ROOT_BYTES, MAX_TIMESTAMP_BYTES } from '../src/limits.ts'
import { NOW, VisitedRepository } from './visited-repository.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const bob = tufKey('ed25519', 2)
const utf8 = new TextEncoder()

let visit: VisitedRepository

beforeEach(() => {
  visit = new VisitedRepository([bob])
})

describe('a first refresh', () => {
  it('brings all four roles, and keeps the bytes that were served', async () => {
    expect(await visit.refresh()).toBe('ok')
    expect(visit.names()).toEqual(['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json'])
    for (const role of ['timestamp', 'snapshot', 'targets']) {
      expect(visit.stored.get(role)).toEqual(visit.served.get(`${role}.json`))
    }
  })

  it('asks for no more bytes than it would take', async () => {
    await visit.refresh()
    expect(Object.fromEntries(visit.asked)).toEqual({
      '2.root.json': MAX_ROOT_BYTES,
      'timestamp.json': MAX_TIMESTAMP_BYTES,
      '1.snapshot.json': visit.served.get('1.snapshot.json')?.length,
      '1.targets.json': visit.served.get('1.targets.json')?.length,
    })
  })

  it('asks for plain names where snapshots are not consistent', async () => {
    visit.rotate()
    visit.repository.nextRoot().consistent_snapshot = false
    visit.served = visit.repository.publish()
    expect(await visit.refresh()).toBe('ok')
    expect(visit.names().slice(-3)).toEqual(['timestamp.json', 'snapshot.json', 'targets.json'])
  })

  it('does not begin without a root, or with one that did not sign itself', async () => {
    visit.stored = new Map()
    expect(await visit.refresh()).toBe('bad-format')
    visit.stored = new Map([
      ['root', visit.repository.build({ signers: { root: () => [] } }).get('root.json') as Uint8Array],
    ])
    expect(await visit.refresh()).toBe('threshold')
    expect(visit.names()).toEqual([])
  })

  it.each(['timestamp.json', '1.snapshot.json', '1.targets.json'])('is refused without %s', async (file) => {
    const files = new Map(visit.served)
    files.delete(file)
    expect(await visit.refresh(files)).not.toBe('ok')
    expect(await visit.refresh()).toBe('ok')
  })
})

describe('a later refresh', () => {
  beforeEach(async () => void (await visit.refresh()))

  it('asks for nothing that is held', async () => {
    expect(await visit.refresh()).toBe('ok')
    expect(visit.names()).toEqual(['2.root.json', 'timestamp.json'])
  })

  it('stays with the timestamp it holds when another one has the same version', async () => {
    const held = visit.stored.get('timestamp')
    visit.repository.timestamp.expires = '2026-06-01T00:00:00Z'
    expect(await visit.refresh(visit.repository.build())).toBe('ok')
    expect(visit.stored.get('timestamp')).toBe(held)
  })

  it('fetches again what no longer verifies where it is kept', async () => {
    for (const role of ['timestamp', 'snapshot', 'targets']) {
      visit.stored.set(role, utf8.encode('{}'))
      expect(await visit.refresh(), role).toBe('ok')
      expect(visit.stored.get(role)).toEqual(visit.served.get(`${role}.json`))
    }
  })

  it('is refused when the timestamp goes back', async () => {
    visit.advance('timestamp')
    const newer = visit.repository.build()
    expect(await visit.refresh(newer)).toBe('ok')
    expect(await visit.refresh()).toBe('rollback-timestamp')
    expect(visit.versionOf('timestamp')).toBe(2)
  })

  it('is refused when the snapshot goes back', async () => {
    visit.advance('timestamp', 'snapshot')
    expect(await visit.refresh(visit.repository.build())).toBe('ok')
    visit.repository.snapshot.version = 1
    visit.advance('timestamp')
    expect(await visit.refresh(visit.repository.build())).toBe('rollback-snapshot')
    expect(visit.versionOf('timestamp')).toBe(2)
  })

  it('is refused when one file in the snapshot goes back, or is gone', async () => {
    visit.advance('timestamp', 'snapshot', 'targets')
    expect(await visit.refresh(visit.repository.build())).toBe('ok')
    visit.advance('timestamp', 'snapshot')
    const gone: Edits = { statement: { snapshot: (signed: Statement) => void (signed.meta = {}) } }
    expect(await visit.refresh(visit.repository.build(gone))).toBe('rollback-targets')
    visit.repository.statementOf('targets').version = 1
    visit.advance('timestamp', 'snapshot')
    expect(await visit.refresh(visit.repository.build())).toBe('rollback-targets')
    expect(visit.versionOf('snapshot')).toBe(2)
    expect(visit.versionOf('targets')).toBe(2)
  })

  it('is refused when a file is not the one that was signed for', async () => {
    for (const role of ['snapshot', 'targets']) {
      visit.advance('timestamp', 'snapshot', 'targets')
      const padded: Edits = { bytes: { [role]: (bytes) => new Uint8Array([...bytes, 0x20]) } }
      expect(await visit.refresh(visit.repository.build(padded)), role).toBe('mix-and-match')
    }
    expect(visit.versionOf('targets')).toBe(1)
  })

  it.each(['timestamp', 'snapshot', 'targets'])('is refused when %s has expired, which is not kept', async (role) => {
    visit.advance('timestamp', 'snapshot', 'targets')
    visit.repository.statementOf(role).expires = '2026-03-01T12:00:00Z'
    expect(await visit.refresh(visit.repository.build())).toBe('expired')
    expect(visit.versionOf(role)).toBe(1)
  })

  it('is refused when what is held has expired since, whatever the source repeats', async () => {
    expect(await visit.refresh(visit.served, NOW + 31 * DAY_MS)).toBe('expired')
  })
})

describe('the capabilities', () => {
  it('fail in their own words: a broken network or disk is no verdict', async () => {
    const broken = new Error('no route')
    const offline = new TufClient(visit.trustedFiles(), { fetch: () => Promise.reject(broken) }, new Date(NOW))
    await expect(offline.refresh()).rejects.toBe(broken)
    const full = new TufClient(
      { ...visit.trustedFiles(), write: () => Promise.reject(broken) },
      visit.source(visit.served),
      new Date(NOW),
    )
    await expect(full.refresh()).rejects.toBe(broken)
  })

  it('never see a file that did not verify, whichever bit was turned, and the next honest answer is taken', async () => {
    const roles = ['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json']
    const first = visit.stored.get('root') as Uint8Array
    visit.rotate({ targets: bob })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...roles), fc.nat(), async (file, at) => {
        visit.stored = new Map([['root', first]])
        const bytes = new Uint8Array(visit.file(file))
        const bit = at % (8 * bytes.length)
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const verdict = await visit.refresh(new Map([...visit.served, [file, bytes]]))
        const kept = [...visit.stored.values()].some((one) => one === bytes)
        expect(kept).toBe(verdict === 'ok')
        expect(await visit.refresh()).toBe('ok')
      }),
      { numRuns: 300 },
    )
  })
})

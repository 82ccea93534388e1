/** The client workflow of TUF 5.1 to 5.7 with both capabilities in memory: what is asked for, what is kept, what is refused. */
import { tufKey, TufRepository, type Edits, type Statement, type TufKey } from '@holdfast/testkit'
import * as fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { isTarget, TufClient, type MetadataSource, type TrustedFiles } from '../src/index.ts'
import { MAX_ROOT_BYTES, MAX_ROOTS, MAX_TIMESTAMP_BYTES } from '../src/limits.ts'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const DAY_MS = 24 * 60 * 60 * 1000
const [alice, bob, eve] = [tufKey('ed25519', 1), tufKey('ed25519', 2), tufKey('ed25519', 3)]
const SHA256_OF_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
const utf8 = new TextEncoder()

let repository: TufRepository
let served: ReadonlyMap<string, Uint8Array>
let stored: Map<string, Uint8Array>
let asked: [file: string, maxBytes: number][]

beforeEach(() => {
  repository = new TufRepository(NOW, [alice])
  for (const key of [bob, eve]) repository.keys.set(key.id, key)
  served = repository.publish()
  stored = new Map([['root', served.get('1.root.json') as Uint8Array]])
  asked = []
})

function trustedFiles(): TrustedFiles {
  return {
    read: async (role) => stored.get(role) ?? null,
    write: async (role, bytes) => void stored.set(role, bytes),
    remove: async (role) => void stored.delete(role),
  }
}

function source(files: ReadonlyMap<string, Uint8Array>): MetadataSource {
  return {
    fetch: async (file, maxBytes) => {
      asked.push([file, maxBytes])
      return files.get(file) ?? null
    },
  }
}

function clientOf(files = served, now = NOW): TufClient {
  asked = []
  return new TufClient(trustedFiles(), source(files), new Date(now))
}

/** @returns `ok`, or the code of the refusal */
async function refreshed(files = served, now = NOW): Promise<string> {
  const outcome = await clientOf(files, now).refresh()
  return outcome.ok ? 'ok' : outcome.code
}

const names = (): string[] => asked.map(([file]) => file)
const versionOf = (role: string): number | null => {
  const bytes = stored.get(role)
  return bytes === undefined ? null : JSON.parse(new TextDecoder().decode(bytes)).signed.version
}

/** The next of each of these. */
function advance(...roles: string[]): void {
  for (const role of roles) repository.statementOf(role).version += 1
}

/** A new root, published; other keys for some of the roles. */
function rotate(roles: { [role: string]: TufKey } = {}): void {
  repository.publish()
  const root = repository.nextRoot()
  for (const [role, key] of Object.entries(roles)) {
    root.keys[key.id] = key.object
    root.roles[role] = { keyids: [key.id], threshold: 1 }
  }
  served = repository.publish()
}

describe('a first refresh', () => {
  it('brings all four roles, and keeps the bytes that were served', async () => {
    expect(await refreshed()).toBe('ok')
    expect(names()).toEqual(['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json'])
    for (const role of ['timestamp', 'snapshot', 'targets']) {
      expect(stored.get(role)).toEqual(served.get(`${role}.json`))
    }
  })

  it('asks for no more bytes than it would take', async () => {
    await refreshed()
    expect(Object.fromEntries(asked)).toEqual({
      '2.root.json': MAX_ROOT_BYTES,
      'timestamp.json': MAX_TIMESTAMP_BYTES,
      '1.snapshot.json': served.get('1.snapshot.json')?.length,
      '1.targets.json': served.get('1.targets.json')?.length,
    })
  })

  it('asks for plain names where snapshots are not consistent', async () => {
    rotate()
    repository.nextRoot().consistent_snapshot = false
    served = repository.publish()
    expect(await refreshed()).toBe('ok')
    expect(names().slice(-3)).toEqual(['timestamp.json', 'snapshot.json', 'targets.json'])
  })

  it('does not begin without a root, or with one that did not sign itself', async () => {
    stored = new Map()
    expect(await refreshed()).toBe('bad-format')
    stored = new Map([['root', repository.build({ signers: { root: () => [] } }).get('root.json') as Uint8Array]])
    expect(await refreshed()).toBe('threshold')
    expect(names()).toEqual([])
  })

  it.each(['timestamp.json', '1.snapshot.json', '1.targets.json'])('is refused without %s', async (file) => {
    const files = new Map(served)
    files.delete(file)
    expect(await refreshed(files)).not.toBe('ok')
    expect(await refreshed()).toBe('ok')
  })
})

describe('a later refresh', () => {
  beforeEach(async () => void (await refreshed()))

  it('asks for nothing that is held', async () => {
    expect(await refreshed()).toBe('ok')
    expect(names()).toEqual(['2.root.json', 'timestamp.json'])
  })

  it('stays with the timestamp it holds when another one has the same version', async () => {
    const held = stored.get('timestamp')
    repository.timestamp.expires = '2026-06-01T00:00:00Z'
    expect(await refreshed(repository.build())).toBe('ok')
    expect(stored.get('timestamp')).toBe(held)
  })

  it('fetches again what no longer verifies where it is kept', async () => {
    for (const role of ['timestamp', 'snapshot', 'targets']) {
      stored.set(role, utf8.encode('{}'))
      expect(await refreshed(), role).toBe('ok')
      expect(stored.get(role)).toEqual(served.get(`${role}.json`))
    }
  })

  it('is refused when the timestamp goes back', async () => {
    advance('timestamp')
    const newer = repository.build()
    expect(await refreshed(newer)).toBe('ok')
    expect(await refreshed()).toBe('rollback-timestamp')
    expect(versionOf('timestamp')).toBe(2)
  })

  it('is refused when the snapshot goes back', async () => {
    advance('timestamp', 'snapshot')
    expect(await refreshed(repository.build())).toBe('ok')
    repository.snapshot.version = 1
    advance('timestamp')
    expect(await refreshed(repository.build())).toBe('rollback-snapshot')
    expect(versionOf('timestamp')).toBe(2)
  })

  it('is refused when one file in the snapshot goes back, or is gone', async () => {
    advance('timestamp', 'snapshot', 'targets')
    expect(await refreshed(repository.build())).toBe('ok')
    advance('timestamp', 'snapshot')
    const gone: Edits = { statement: { snapshot: (signed: Statement) => void (signed.meta = {}) } }
    expect(await refreshed(repository.build(gone))).toBe('rollback-targets')
    repository.statementOf('targets').version = 1
    advance('timestamp', 'snapshot')
    expect(await refreshed(repository.build())).toBe('rollback-targets')
    expect(versionOf('snapshot')).toBe(2)
    expect(versionOf('targets')).toBe(2)
  })

  it('is refused when a file is not the one that was signed for', async () => {
    for (const role of ['snapshot', 'targets']) {
      advance('timestamp', 'snapshot', 'targets')
      const padded: Edits = { bytes: { [role]: (bytes) => new Uint8Array([...bytes, 0x20]) } }
      expect(await refreshed(repository.build(padded)), role).toBe('mix-and-match')
    }
    expect(versionOf('targets')).toBe(1)
  })

  it.each(['timestamp', 'snapshot', 'targets'])('is refused when %s has expired, which is not kept', async (role) => {
    advance('timestamp', 'snapshot', 'targets')
    repository.statementOf(role).expires = '2026-03-01T12:00:00Z'
    expect(await refreshed(repository.build())).toBe('expired')
    expect(versionOf(role)).toBe(1)
  })

  it('is refused when what is held has expired since, whatever the source repeats', async () => {
    expect(await refreshed(served, NOW + 31 * DAY_MS)).toBe('expired')
  })
})

describe('roots', () => {
  it('are taken one after the other, as many as there are, and the last is kept', async () => {
    await refreshed()
    const keys = Array.from({ length: 5 }, (_, i) => tufKey('ed25519', 10 + i))
    for (const key of keys) repository.keys.set(key.id, key)
    for (const key of keys) {
      advance('timestamp', 'snapshot', 'targets')
      rotate({ root: key, targets: key })
    }
    expect(await refreshed()).toBe('ok')
    expect(names().slice(0, 6)).toEqual([2, 3, 4, 5, 6, 7].map((version) => `${version}.root.json`))
    expect(versionOf('root')).toBe(6)
  })

  it('that expired in between do no harm; the last one does', async () => {
    const { root } = repository
    root.expires = '2026-01-01T00:00:00Z'
    rotate()
    expect(await refreshed()).toBe('expired')
    repository.nextRoot().expires = '2027-01-01T00:00:00Z'
    served = repository.publish()
    expect(await refreshed()).toBe('ok')
  })

  it('must be signed by the old keys and by the new ones', async () => {
    for (const signer of [alice, bob]) {
      repository = new TufRepository(NOW, [alice])
      repository.keys.set(bob.id, bob)
      served = repository.publish()
      stored = new Map([['root', served.get('1.root.json') as Uint8Array]])
      const root = repository.nextRoot()
      root.keys[bob.id] = bob.object
      root.roles.root = { keyids: [bob.id], threshold: 1 }
      expect(await refreshed(repository.build({ signers: { root: () => [signer] } }))).toBe('threshold')
      expect(versionOf('root')).toBe(1)
    }
  })

  it('do not skip a version', async () => {
    rotate()
    rotate()
    const files = new Map(served)
    files.set('2.root.json', served.get('3.root.json') as Uint8Array)
    expect(await refreshed(files)).toBe('rollback-root')
    expect(versionOf('root')).toBe(1)
  })

  it('without end are not followed to the end', async () => {
    const files = new Map(served)
    const endless: MetadataSource = {
      fetch: async (file, maxBytes) => {
        const version = Number(/^(\d+)\.root\.json$/.exec(file)?.[1] ?? 0)
        if (version > repository.root.version) {
          repository.nextRoot()
          return repository.build().get('root.json') ?? null
        }
        return await source(files).fetch(file, maxBytes)
      },
    }
    const outcome = await new TufClient(trustedFiles(), endless, new Date(NOW)).refresh()
    expect(outcome).toMatchObject({ ok: false, code: 'too-many-roots' })
    expect(versionOf('root')).toBe(1 + MAX_ROOTS)
  })
})

describe('a thief who pushed versions up', () => {
  const stolen = 1_000_000

  beforeEach(async () => {
    repository.timestamp.version = stolen
    repository.snapshot.version = stolen
    expect(await refreshed(repository.build())).toBe('ok')
    repository.timestamp.version = 2
    repository.snapshot.version = 2
  })

  it('locks everybody out while the keys stay', async () => {
    expect(await refreshed(repository.build())).toBe('rollback-timestamp')
  })

  it.each(['timestamp', 'snapshot'])('is rid of by a new key for %s', async (role) => {
    rotate({ [role]: bob })
    expect(await refreshed()).toBe('ok')
    expect([versionOf('timestamp'), versionOf('snapshot')]).toEqual([2, 2])
  })

  it('is rid of even when the root after that one is bad', async () => {
    rotate({ timestamp: bob })
    const files = new Map(served)
    files.set('3.root.json', utf8.encode('{}'))
    expect(await refreshed(files)).toBe('bad-format')
    expect([versionOf('root'), versionOf('timestamp'), versionOf('snapshot')]).toEqual([2, null, null])
    expect(await refreshed()).toBe('ok')
  })
})

describe('a target', () => {
  it('is found only after a refresh', async () => {
    expect(await clientOf().findTarget('archive')).toMatchObject({ ok: false, code: 'bad-format' })
    const client = clientOf(new Map())
    expect(await client.refresh()).toMatchObject({ ok: false })
    expect(await client.findTarget('archive')).toMatchObject({ ok: false })
  })

  it('is asked for by each of its hashes, inside its folder', async () => {
    const hashes = { sha256: 'aa'.repeat(32), sha512: 'bb'.repeat(64) }
    repository.statementOf('targets').targets['a/b.txt'] = { length: 3, hashes }
    const client = clientOf(repository.build())
    await client.refresh()
    const found = await client.findTarget('a/b.txt')
    const fileNames = [`a/${hashes.sha256}.b.txt`, `a/${hashes.sha512}.b.txt`]
    expect(found).toMatchObject({ ok: true, value: { record: { length: 3 }, fileNames } })
    expect(await client.findTarget('b.txt')).toEqual({ ok: true, value: null })
  })

  it('has its plain name where snapshots are not consistent', async () => {
    repository.root.consistent_snapshot = false
    served = repository.build()
    stored.set('root', served.get('1.root.json') as Uint8Array)
    const client = clientOf()
    await client.refresh()
    expect(await client.findTarget('archive')).toMatchObject({ ok: true, value: { fileNames: ['archive'] } })
  })

  it('is not found under a name that every object has', async () => {
    const client = clientOf()
    await client.refresh()
    for (const name of ['__proto__', 'constructor', 'toString', '']) {
      expect(await client.findTarget(name)).toEqual({ ok: true, value: null })
    }
  })

  it('is what all hashes that are known say, of which there must be one', async () => {
    const bytes = utf8.encode('abc')
    const judged = async (length: number, hashes: Record<string, string>): Promise<boolean> =>
      await isTarget({ length, hashes: new Map(Object.entries(hashes)) }, bytes)
    expect(await judged(3, { sha256: SHA256_OF_ABC })).toBe(true)
    expect(await judged(3, { sha256: SHA256_OF_ABC, blake3: '00' })).toBe(true)
    expect(await judged(4, { sha256: SHA256_OF_ABC })).toBe(false)
    expect(await judged(3, { sha256: SHA256_OF_ABC, sha512: '00'.repeat(64) })).toBe(false)
    expect(await judged(3, { blake3: '00' })).toBe(false)
  })
})

describe('the capabilities', () => {
  it('fail in their own words: a broken network or disk is no verdict', async () => {
    const broken = new Error('no route')
    const offline = new TufClient(trustedFiles(), { fetch: () => Promise.reject(broken) }, new Date(NOW))
    await expect(offline.refresh()).rejects.toBe(broken)
    const full = new TufClient(
      { ...trustedFiles(), write: () => Promise.reject(broken) },
      source(served),
      new Date(NOW),
    )
    await expect(full.refresh()).rejects.toBe(broken)
  })

  it('never see a file that did not verify, whichever bit was turned, and the next honest answer is taken', async () => {
    const roles = ['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json']
    const first = stored.get('root') as Uint8Array
    rotate({ targets: bob })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...roles), fc.nat(), async (file, at) => {
        stored = new Map([['root', first]])
        const bytes = new Uint8Array(served.get(file) as Uint8Array)
        const bit = at % (8 * bytes.length)
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const verdict = await refreshed(new Map([...served, [file, bytes]]))
        const kept = [...stored.values()].some((one) => one === bytes)
        expect(kept).toBe(verdict === 'ok')
        expect(await refreshed()).toBe('ok')
      }),
      { numRuns: 300 },
    )
  })
})

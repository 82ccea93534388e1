/** The shapes of the four roles (TUF 4.2 to 4.6): what is not one is refused, with the field that is wrong. */
import { Publisher, tamper } from '@holdfast/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { canonicalBytes, type Json } from '../src/canonical-json.ts'
import { parseAddress } from '../src/index.ts'
import { MAX_JSON_DEPTH, MAX_KEYS, MAX_ROOT_BYTES, MAX_SIGNATURES, MAX_SIGNED_FILE_BYTES } from '../src/limits.ts'
import { parseRoot, parseSnapshot, parseTargets, parseTimestamp } from '../src/metadata.ts'
import { Refusal } from '../src/refusal.ts'
import { forbidSnapshotRollback } from '../src/rollback.ts'
import { verifyFirstRoot, verifyNextRoot, verifySnapshot, verifyTargets } from '../src/verify.ts'

type File = Parameters<Parameters<typeof tamper>[1]>[0]

let alice: Publisher
let files: { root: Uint8Array; timestamp: Uint8Array; snapshot: Uint8Array; targets: Uint8Array }

beforeAll(async () => {
  alice = await Publisher.create({ maintainers: 2 })
  await alice.release('one')
  const { roots, timestamp, snapshot, targets } = alice.announcement()
  files = { root: roots[0] as Uint8Array, timestamp, snapshot, targets }
})

/** @returns code and reason of the refusal, or `fine` */
function complaint(work: () => unknown): string {
  try {
    work()
    return 'fine'
  } catch (error) {
    if (error instanceof Refusal) return `${error.code}: ${error.message}`
    throw error
  }
}

async function complaintOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'fine',
    (error: unknown) => (error instanceof Refusal ? `${error.code}: ${error.message}` : String(error)),
  )
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at))

describe('a file is refused', () => {
  it.each<[string, keyof typeof files, (file: File) => unknown, string]>([
    [
      'a consistent_snapshot that is neither',
      'root',
      (file: File) => (file.signed.consistent_snapshot = 'yes'),
      'consistent_snapshot',
    ],
    [
      'a timestamp that names no snapshot',
      'timestamp',
      (file: File) => (file.signed.meta = {}),
      'names no snapshot.json',
    ],
    [
      'another role',
      'targets',
      (file: File) => Object.assign(file.signed, { _type: 'snapshot' }),
      '_type is not targets',
    ],
    ['a specification of the future', 'snapshot', (file: File) => (file.signed.spec_version = '2.0.0'), 'spec_version'],
    ['no specification', 'snapshot', (file: File) => delete file.signed.spec_version, 'spec_version'],
    ['a version of 0', 'targets', (file: File) => (file.signed.version = 0), 'version'],
    ['a version of one and a half', 'targets', (file: File) => (file.signed.version = 1.5), 'version'],
    ['a version in quotes', 'targets', (file: File) => (file.signed.version = '2'), 'version'],
    [
      'one signature too many',
      'targets',
      (file: File) => (file.signatures = numbered(MAX_SIGNATURES + 1).map((keyid) => ({ keyid, sig: 'ab' }))),
      'signatures',
    ],
    [
      'one key too many',
      'root',
      (file: File) => {
        const [key] = Object.values(file.signed.keys)
        file.signed.keys = Object.fromEntries(numbered(MAX_KEYS + 1).map((id) => [id, key]))
      },
      'keys',
    ],
    [
      'a role with one key too many',
      'root',
      (file: File) => (file.signed.roles.targets.keyids = numbered(MAX_KEYS + 1)),
      'keys',
    ],
    ['no role for targets', 'root', (file: File) => delete file.signed.roles.targets, 'root.roles.targets'],
  ])('for %s', (_what, role, change, reason) => {
    const parse = { root: parseRoot, timestamp: parseTimestamp, snapshot: parseSnapshot, targets: parseTargets }[role]
    expect(complaint(() => parse(tamper(files[role], change)))).toContain(reason)
  })

  it('not for as many signatures and keys as may be', () => {
    const signed = tamper(files.targets, (file) => {
      file.signatures = numbered(MAX_SIGNATURES).map((keyid) => ({ keyid, sig: 'ab' }))
    })
    expect(complaint(() => parseTargets(signed))).toBe('fine')
    const keyed = tamper(files.root, (file) => {
      const [key] = Object.values(file.signed.keys)
      file.signed.keys = Object.fromEntries(numbered(MAX_KEYS).map((id) => [id, key]))
      file.signed.roles.targets.keyids = numbered(MAX_KEYS)
    })
    expect(complaint(() => parseRoot(keyed))).toBe('fine')
  })

  it('for its size, before it is read', async () => {
    const root = parseRoot(files.root).signed
    const large = (bytes: number): Uint8Array => new Uint8Array(bytes + 1)
    expect(await complaintOf(verifyFirstRoot(large(MAX_ROOT_BYTES)))).toMatch(/^too-large/)
    expect(await complaintOf(verifyNextRoot(root, large(MAX_ROOT_BYTES)))).toMatch(/^too-large/)
    const { signed: timestamp } = parseTimestamp(files.timestamp)
    expect(await complaintOf(verifySnapshot(root, timestamp, large(MAX_SIGNED_FILE_BYTES)))).toMatch(/^too-large/)
    const { signed: snapshot } = parseSnapshot(files.snapshot)
    expect(await complaintOf(verifyTargets(root, snapshot, 'targets', large(MAX_SIGNED_FILE_BYTES)))).toMatch(
      /^too-large/,
    )
  })

  it('for a role that nobody is named to sign', async () => {
    const { signed: snapshot } = parseSnapshot(files.snapshot)
    const { keys } = parseRoot(files.root).signed
    const nobody = { keys, roles: new Map() }
    expect(await complaintOf(verifyTargets(nobody, snapshot, 'targets', files.targets))).toMatch(/^bad-format: nobody/)
    const keyless = { keys: new Map(), roles: parseRoot(files.root).signed.roles }
    expect(await complaintOf(verifyTargets(keyless, snapshot, 'targets', files.targets))).toMatch(/^threshold/)
  })

  it('for a snapshot that is older than the one held', () => {
    const { signed } = parseSnapshot(files.snapshot)
    expect(complaint(() => forbidSnapshotRollback({ ...signed, version: 2 }, signed))).toMatch(/^rollback-snapshot/)
    expect(complaint(() => forbidSnapshotRollback(signed, signed))).toBe('fine')
  })
})

describe('canonical JSON', () => {
  const text = (value: Json): string => new TextDecoder().decode(canonicalBytes(value))

  it('sorts by code point, also where UTF-16 would sort otherwise', () => {
    // U+FF5E comes before U+1F600, whose first half is 0xD83D; U+E000 is the first after the halves.
    expect(text({ '\u{1F600}': 1, '\uFF5E': 2, '\uE000': 3, z: 4, '\uD7FF': 5 })).toBe(
      '{"z":4,"\uD7FF":5,"\uE000":3,"\uFF5E":2,"\u{1F600}":1}',
    )
    expect(text({ ab: 1, a: 2 })).toBe('{"a":2,"ab":1}')
  })

  it('knows one zero, no fraction, nothing beyond 2^53, and no half pair', () => {
    expect(text(-0)).toBe('0')
    for (const bad of [0.5, 2 ** 53, -(2 ** 53), Infinity, '\uDBFF', '\uDC00x'])
      expect(complaint(() => canonicalBytes(bad))).toMatch(/^bad-format/)
    expect(text(2 ** 53 - 1)).toBe('9007199254740991')
    expect(text('a"b\\c\n')).toBe('"a\\"b\\\\c\n"')
  })

  it('is nested so deep and no deeper', () => {
    const nested = (depth: number): Json => (depth === 0 ? [] : [nested(depth - 1)])
    expect(complaint(() => canonicalBytes(nested(MAX_JSON_DEPTH - 1)))).toBe('fine')
    expect(complaint(() => canonicalBytes(nested(MAX_JSON_DEPTH)))).toMatch(/^bad-format: nested deeper/)
  })
})

describe('an address', () => {
  it('is one in its only spelling', () => {
    const { address } = alice
    expect(parseAddress(address)).toBe(address)
    for (const other of [
      '',
      address.toUpperCase(),
      address.slice(0, -1),
      `${address}a`,
      ` ${address}`,
      // A raw block, a CID of version 0, the same digest by another hash, a digest cut short, another base.
      'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
      'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPBdG',
      'bagaabiubyaqaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
      'bagaaierqdacxqeasarqbaaaaaaaaaa',
      'z8mWaJHXieAVxxLagBpdaNWFEBKVWmMiE',
    ])
      expect(parseAddress(other), other).toBeNull()
  })
})

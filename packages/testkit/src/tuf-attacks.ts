/** What can be wrong with a TUF repository: each draws its details from the seed and returns what is served then. */
import type { Statement } from './forgery.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { TufKey } from './tuf-keys.ts'
import { dateIn, type TufRepository } from './tuf-repository.ts'

export type TufAttack = (
  repository: TufRepository,
  random: SeededRandom,
  /** What was served in earlier steps, oldest first. */
  earlier: readonly ReadonlyMap<string, Uint8Array>[],
) => Map<string, Uint8Array>

const utf8 = new TextEncoder()

/** Values that somebody's parser takes for something else. */
const ODD_VALUES: readonly Statement[] = [
  null,
  true,
  false,
  -1,
  0,
  1,
  2,
  3,
  7,
  1.5,
  1e21,
  2 ** 53,
  2 ** 53 - 1,
  '',
  '1',
  'x',
  'é',
  'ff',
  '\uD800',
  'ed25519',
  'rsa',
  [],
  {},
  [[]],
  ['x'],
  { a: 1 },
  { sha1: 'x' },
  'never',
  '2099-02-30T00:00:00Z',
  '2099-01-01',
  '2099-01-01T00:00:00.5Z',
  '2099-01-01T00:00:00+00:00',
  '2099-01-01t00:00:00z',
  '1.0',
  '1.',
  '1.1.1.1',
  '2.0.0',
  '1.x.0',
]

const SIGNATURE_TRICKS: readonly ((list: Statement[], random: SeededRandom) => void)[] = [
  (list) => void list.pop(),
  (list) => void list.push(...list),
  (list) => void (list[0] && list.push({ ...list[0] })),
  (list) => void (list[0] && (list[0].sig = list[0].sig.toUpperCase())),
  (list) => void (list[0] && (list[0].sig = `${list[0].sig}zz`)),
  (list) => void (list[0] && (list[0].sig = `${list[0].sig}0`)),
  (list) => void (list[0] && (list[0].sig = '')),
  (list) => void (list[0] && (list[0].sig = '00'.repeat(64))),
  (list) => void (list[0] && (list[0].keyid = list[0].keyid.toUpperCase())),
  (list) => void (list[0] && list[1] && ([list[0].sig, list[1].sig] = [list[1].sig, list[0].sig])),
  (list) => void list.push({ keyid: 'f'.repeat(64), sig: 'ab' }),
  (list) => void list.push({ keyid: 'unknown', sig: '' }),
  (list) => void list.push({ keyid: 'f'.repeat(64) }),
  (list) => void list.push(null),
  (list) => void (list[0] && (list[0].note = 'unknown field')),
  (list) => void list.splice(0, list.length, ...list.toReversed()),
  (list) => void (list[0] && delete list[0].sig),
]

/** By name; the name says what the history is about. */
export const TUF_ATTACKS: { readonly [name: string]: TufAttack } = {
  'a bit': (repository, random) =>
    altered(repository, random, (bytes) => {
      const at = random.whole(0, bytes.length - 1)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.whole(0, 7))
      return bytes
    }),
  'bytes lost or added': (repository, random) =>
    altered(repository, random, (bytes) => {
      const kind = random.whole(0, 3)
      if (kind === 0) return bytes.slice(0, random.whole(0, bytes.length))
      if (kind === 1) return joined(bytes, utf8.encode('\n '))
      return kind === 2 ? joined(bytes, new Uint8Array([0xff])) : joined(new Uint8Array([0xef, 0xbb, 0xbf]), bytes)
    }),
  'a file that is gone': (repository, random) => altered(repository, random, () => null),
  'a field, signed': (repository, random) => {
    const role = anyRole(repository, random)
    return repository.build({ statement: { [role]: (signed) => spoil(signed, random) } })
  },
  'two fields, signed': (repository, random) => {
    const role = anyRole(repository, random)
    const spoilBoth = (signed: Statement): void => {
      spoil(signed, random)
      spoil(signed, random)
    }
    return repository.build({ statement: { [role]: spoilBoth } })
  },
  'a field, not signed': (repository, random) => {
    const role = anyRole(repository, random)
    return repository.build({ file: { [role]: (file) => spoil(file, random) } })
  },
  'an unknown field, signed': (repository, random) => {
    const role = anyRole(repository, random)
    const value = random.pick(ODD_VALUES)
    return repository.build({ statement: { [role]: (signed) => (insideOf(signed, random)['x-unknown'] = value) } })
  },
  signatures: (repository, random) => {
    const role = anyRole(repository, random)
    const trick = random.pick(SIGNATURE_TRICKS)
    return repository.build({ file: { [role]: (file) => trick?.(file.signatures, random) } })
  },
  'too few or other signers': (repository, random) => {
    const role = anyRole(repository, random)
    const all = [...repository.keys.values()]
    const choice = random.whole(0, 3)
    return repository.build({
      signers: {
        [role]: (due) => {
          if (choice === 0) return due.slice(1)
          if (choice === 1) return due.slice(0, -1)
          return choice === 2 ? [] : all.filter(() => random.chance(0.4))
        },
      },
    })
  },
  'root signed by one side': (repository, random) => {
    const { root, rootBefore } = repository
    const named = (random.chance(0.5) ? rootBefore : root) ?? root
    const keys = named.roles.root.keyids.map((id: string) => repository.keys.get(id)).filter(Boolean) as TufKey[]
    return repository.build({ signers: { root: () => keys } })
  },
  'one voter twice': (repository, random) => twice(repository, random),
  'a version': (repository, random) => {
    const role = anyRole(repository, random)
    const by = random.pick([-2, -1, 1, 2, 1000, Number.MAX_SAFE_INTEGER]) ?? 1
    return repository.build({
      statement: { [role]: (signed) => (signed.version = Math.min(signed.version + by, 2 ** 53 - 1)) },
    })
  },
  'a date': (repository, random) => {
    const role = anyRole(repository, random)
    const now = repository.now
    const date = random.pick([
      dateIn(now, 0),
      dateIn(now + 1000, 0),
      dateIn(now - 1000, 0),
      dateIn(now, -400),
      dateIn(now, 4000),
    ])
    return repository.build({ statement: { [role]: (signed) => (signed.expires = date) } })
  },
  'a record': (repository, random) => {
    const role = random.pick(['snapshot', 'timestamp']) ?? 'snapshot'
    const change = (signed: Statement): void => {
      const name = random.pick(Object.keys(signed.meta)) ?? ''
      const record = signed.meta[name]
      const kind = random.whole(0, 8)
      if (kind === 0) record.version += random.whole(-1, 1)
      else if (kind === 1) record.length = (record.length ?? 10) + random.whole(-1, 1)
      else if (kind === 2) record.hashes = { sha256: '0'.repeat(64) }
      else if (kind === 3) record.hashes = { ...record.hashes, sha512: '0'.repeat(128) }
      else if (kind === 4) record.hashes = { ...record.hashes, md4711: '00' }
      else if (kind === 5) record.hashes = {}
      else if (kind === 6) delete signed.meta[name]
      else if (kind === 7) signed.meta['more.json'] = { version: random.whole(1, 3) }
      else delete record.hashes
    }
    return repository.build({ statement: { [role]: change } })
  },
  'an earlier file': (repository, random, earlier) => {
    const files = repository.build()
    const old = random.pick(earlier)
    for (const name of ['timestamp.json', 'snapshot.json', 'targets.json']) {
      const bytes = old?.get(name)
      if (bytes !== undefined && random.chance(0.5)) files.set(name, bytes)
    }
    return files
  },
  'an earlier repository': (_repository, random, earlier) => new Map(random.pick(earlier)),
  'a file of another version': (repository, random) => {
    const files = repository.build()
    const names = [...files.keys()]
    files.set(random.pick(names) ?? '', files.get(random.pick(names) ?? '') ?? new Uint8Array())
    return files
  },
  'endless roots': (repository) => {
    const files = repository.build()
    const last = files.get(`${repository.root.version}.root.json`)
    if (last) for (let i = 1; i < 4; i++) files.set(`${repository.root.version + i}.root.json`, last)
    return files
  },
}

/** One public key under two key ids, both named for a role of threshold 2, both with its signature. */
function twice(repository: TufRepository, random: SeededRandom): Map<string, Uint8Array> {
  const role = random.pick(['timestamp', 'snapshot', 'targets', 'root']) ?? 'targets'
  const voter = repository.dueFor(role)[0]
  if (voter === undefined) return repository.build()
  const other = 'e'.repeat(64)
  const object = structuredClone(voter.object)
  if (random.chance(0.3)) object.keyval.public = object.keyval.public.toUpperCase()
  const alias: TufKey = { ...voter, id: other, object }
  repository.nextRoot()
  const alsoSigns = (due: TufKey[]): TufKey[] =>
    role === 'root' ? [...new Set([...due, voter]), alias] : [voter, alias]
  const nameTwice = (signed: Statement): void => {
    signed.keys[other] = object
    signed.roles[role] = { keyids: [voter.id, other], threshold: 2 }
  }
  return repository.build({ statement: { root: nameTwice }, signers: { [role]: alsoSigns } })
}

function altered(
  repository: TufRepository,
  random: SeededRandom,
  change: (bytes: Uint8Array) => Uint8Array | null,
): Map<string, Uint8Array> {
  return repository.build({ bytes: { [anyRole(repository, random)]: (bytes) => change(new Uint8Array(bytes)) } })
}

function anyRole(repository: TufRepository, random: SeededRandom): string {
  return random.pick(repository.roleNames()) ?? 'targets'
}

/** @returns one of the objects inside, or the outermost */
function insideOf(value: Statement, random: SeededRandom): Statement {
  let here = value
  while (random.chance(0.6)) {
    const further = Object.values(here).filter((one) => typeof one === 'object' && one !== null && !Array.isArray(one))
    const next = random.pick(further)
    if (next === undefined) break
    here = next
  }
  return here
}

/** Removes, replaces, renames or repeats something, anywhere. */
export function spoil(value: Statement, random: SeededRandom): void {
  let here = value
  let key = random.pick(Object.keys(here))
  while (key !== undefined && typeof here[key] === 'object' && here[key] !== null && random.chance(0.75)) {
    const further = random.pick(Object.keys(here[key]))
    if (further === undefined) break
    here = here[key]
    key = further
  }
  if (key === undefined) return
  const odd = structuredClone(random.pick(ODD_VALUES))
  const kind = random.whole(0, 9)
  if (kind <= 1 && !Array.isArray(here)) delete here[key]
  else if (kind === 2 && Array.isArray(here)) here.push(structuredClone(here[Number(key)]))
  else if (kind === 3 && !Array.isArray(here)) {
    here[`${key}x`] = here[key]
    delete here[key]
  } else here[key] = odd
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  return new Uint8Array([...a, ...b])
}

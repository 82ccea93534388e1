/** Delegations: roles cached under an old delegator, cycles, crowds, names that lead elsewhere (TUF 5.6.7, 4.5). */
import { tufKey, TufRepository, type Edits, type Statement } from '@holdfast/testkit'
import { beforeEach, describe, expect, it } from 'vitest'
import { TufClient } from '@holdfast/release'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const [alice, bob, eve] = [tufKey('ed25519', 1), tufKey('ed25519', 2), tufKey('ed25519', 3)]
const ANYTHING = { paths: ['*'] }
const target = (length: number): Statement => ({ length, hashes: { sha256: '0'.repeat(64) } })

let repository: TufRepository
let stored: Map<string, Uint8Array>
let asked: string[]

beforeEach(() => {
  repository = new TufRepository(NOW, [alice])
  repository.keys.set(bob.id, bob).set(eve.id, eve)
  stored = new Map([['root', repository.publish().get('1.root.json') as Uint8Array]])
})

/** Lets `by` delegate to a role, which is made when there is none yet. */
function delegate(by: string, name: string, key = bob, how: Statement = ANYTHING): void {
  const statement = repository.statementOf(by)
  statement.delegations ??= { keys: {}, roles: [] }
  statement.delegations.keys[key.id] = key.object
  statement.delegations.roles.push({ name, keyids: [key.id], threshold: 1, terminating: false, ...how })
  const fresh = { ...structuredClone(repository.statementOf('targets')), version: 1, targets: {} }
  delete fresh.delegations
  if (!repository.targets.has(name)) repository.targets.set(name, fresh)
}

/** @returns the length by which a target is known, `nobody`, or the code of the refusal */
async function found(path: string, edits: Edits = {}): Promise<number | string> {
  const files = repository.build(edits)
  asked = []
  const client = new TufClient(
    {
      read: async (role) => stored.get(role) ?? null,
      write: async (role, bytes) => void stored.set(role, bytes),
      remove: async (role) => void stored.delete(role),
    },
    {
      fetch: async (file) => {
        asked.push(file)
        return files.get(file) ?? null
      },
    },
    new Date(NOW),
  )
  const refreshed = await client.refresh()
  if (!refreshed.ok) return refreshed.code
  const outcome = await client.findTarget(path)
  if (!outcome.ok) return outcome.code
  return outcome.value?.record.length ?? 'nobody'
}

/** A client that begins anew: an equal timestamp would change nothing. */
function forget(): void {
  stored = new Map([['root', stored.get('root') as Uint8Array]])
}

describe('a delegated role', () => {
  it('speaks for its paths and for no others', async () => {
    delegate('targets', 'pictures', bob, { paths: ['pictures/*'] })
    repository.statementOf('pictures').targets = { 'pictures/a': target(1), b: target(2) }
    expect(await found('pictures/a')).toBe(1)
    expect(await found('b')).toBe('nobody')
  })

  it('never overrides who delegated', async () => {
    delegate('targets', 'pictures')
    repository.statementOf('targets').targets.a = target(1)
    repository.statementOf('pictures').targets.a = target(2)
    expect(await found('a')).toBe(1)
    expect(asked).not.toContain('1.pictures.json')
  })

  it('is asked in the order in which roles are named', async () => {
    delegate('targets', 'second', bob, { paths: ['a?'] })
    delegate('targets', 'first', bob)
    repository.statementOf('first').targets.a = target(1)
    repository.statementOf('second').targets = { a: target(2), ab: target(3) }
    expect(await found('a')).toBe(1)
    expect(await found('ab')).toBe(3)
  })

  it('that is terminating is the last that is asked', async () => {
    delegate('targets', 'first', bob, { ...ANYTHING, terminating: true })
    delegate('targets', 'second')
    repository.statementOf('second').targets.a = target(2)
    expect(await found('a')).toBe('nobody')
  })

  it('that is terminating cuts off those whom others named too', async () => {
    delegate('targets', 'first')
    delegate('targets', 'second')
    delegate('first', 'inner', bob, { ...ANYTHING, terminating: true })
    repository.statementOf('second').targets.a = target(2)
    expect(await found('a')).toBe('nobody')
  })

  it('is found by the hash of the path', async () => {
    // SHA-256 of `a` begins with ca97.
    delegate('targets', 'other', bob, { path_hash_prefixes: ['ca98', '0'] })
    delegate('targets', 'bin', bob, { path_hash_prefixes: ['ca9'] })
    repository.statementOf('other').targets.a = target(1)
    repository.statementOf('bin').targets.a = target(2)
    expect(await found('a')).toBe(2)
  })
})

describe('is refused', () => {
  beforeEach(() => {
    delegate('targets', 'pictures')
    repository.statementOf('pictures').targets.a = target(1)
  })

  it('a role that another key signed', async () => {
    expect(await found('a', { signers: { pictures: () => [{ ...eve, id: bob.id }] } })).toBe('bad-signature')
    forget()
    expect(await found('a', { signers: { pictures: () => [eve] } })).toBe('threshold')
  })

  it('a role cached under an old delegator, once another key speaks for it', async () => {
    expect(await found('a')).toBe(1)
    repository.statementOf('targets').delegations.roles = []
    delegate('targets', 'pictures', eve)
    for (const role of ['targets', 'snapshot', 'timestamp']) repository.statementOf(role).version += 1
    // The old file is still there, and still names the same version.
    expect(await found('a', { signers: { pictures: () => [bob] } })).toBe('threshold')
  })

  it('a role that the snapshot does not list, or lists otherwise', async () => {
    const unlisted = { snapshot: (signed: Statement) => delete signed.meta['pictures.json'] }
    expect(await found('a', { statement: unlisted })).toBe('mix-and-match')
    const newer = { snapshot: (signed: Statement) => (signed.meta['pictures.json'] = { version: 2 }) }
    repository.snapshot.version += 1
    repository.timestamp.version += 1
    expect(await found('a', { statement: newer })).toBe('mix-and-match')
  })

  it('a role that has expired', async () => {
    repository.statementOf('pictures').expires = '2026-02-01T00:00:00Z'
    expect(await found('a')).toBe('expired')
  })

  it.each(['root', 'timestamp', 'snapshot', 'targets', ''])('a role by the name of %j', async (name) => {
    const rename = { targets: (signed: Statement) => (signed.delegations.roles[0].name = name) }
    expect(await found('a', { statement: rename })).toBe('bad-format')
  })

  it('a role that is named twice, or for nothing, or in two ways', async () => {
    const changes: ((role: Statement, roles: Statement[]) => void)[] = [
      (role, roles) => roles.push(role),
      (role) => delete role.paths,
      (role) => (role.path_hash_prefixes = ['00']),
      (role) => (role.terminating = 'no'),
      (role) => (role.paths = ['x'.repeat(4097)]),
    ]
    for (const change of changes) {
      const targets = ({ delegations: { roles } }: Statement): void => change(roles[0], roles)
      forget()
      expect(await found('a', { statement: { targets } })).toMatch(/^(?:bad-format|too-large)$/)
    }
  })
})

it('roles that delegate to each other end the search', async () => {
  delegate('targets', 'one')
  delegate('one', 'two')
  delegate('two', 'one')
  expect(await found('nowhere')).toBe('nobody')
  expect(asked.filter((file) => file.endsWith('one.json'))).toHaveLength(1)
})

it('a crowd of roles is not asked without end', async () => {
  for (let i = 0; i < 40; i++) delegate('targets', `role-${i}`)
  repository.statementOf('role-39').targets.a = target(1)
  expect(await found('a')).toBe('nobody')
  expect(asked.length).toBeLessThan(40)
})

it('a name that leads elsewhere leads nowhere', async () => {
  const name = '../../etc/passwd'
  delegate('targets', name)
  repository.statementOf(name).targets.a = target(1)
  expect(await found('a')).toBe(1)
  expect(asked.at(-1)).toBe('1...%2F..%2Fetc%2Fpasswd.json')
})

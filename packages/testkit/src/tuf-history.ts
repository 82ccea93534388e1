/** Random histories of a TUF repository, each decided by its seed: releases, rotations, delegations, expiry, attacks. */
import type { Statement } from './forgery.ts'
import { SeededRandom } from './seeded-random.ts'
import { TUF_ATTACKS } from './tuf-attacks.ts'
import { tufKey, type TufKey, type TufKeyKind } from './tuf-keys.ts'
import { archiveTarget, dateIn, headerOf, TufRepository } from './tuf-repository.ts'

/** What clients meet in one step. */
export interface TufStep {
  served: Map<string, Uint8Array>
  now: Date
  path: string | null
  /** What was attacked, `honest` when nothing was. */
  what: string
}

export interface TufHistory {
  firstRoot: Uint8Array
  steps: TufStep[]
}

const START = Date.parse('2026-03-01T12:00:00Z')
const DAY_MS = 24 * 60 * 60 * 1000
const MAX_STEPS = 5
const TOP_ROLES = ['root', 'timestamp', 'snapshot', 'targets']
const VALIDITY: { [role: string]: number } = { root: 365, timestamp: 30, snapshot: 60 }
const DELEGATES = ['alpha', 'beta', 'a/role', 'gamma', 'Ω', 'a role']
const PATHS = ['a', 'b', 'a.txt', 'b.txt', 'a/b', 'b/c.txt', 'x', '*', 'é', '#x', 'a/b/c', '😀', '!x', '[']
const ODD_PATHS = ['__proto__', 'a/.hidden', '.dot', '', 'a', '{a,b}.txt', 'a.txt', ']', '\\\\x']
const PATTERNS = [
  '*',
  '*',
  'a/*',
  '*/b',
  'a?',
  'b/*.txt',
  '*.txt',
  '?',
  'a/?',
  '*/*',
  'a*t',
  '*a*',
  '[ab]*',
  '[!a]',
  'é',
]
const ODD_PATTERNS = [
  '{a,b}.txt',
  '**',
  '!(x)',
  '+(a)',
  '.*',
  '#*',
  '!x',
  '',
  '\\*',
  '@(a|b).txt',
  '??',
  '[',
  '[]a]',
  '*',
]
const PREFIXES = ['', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', '00', 'ff']

const KINDS: readonly TufKeyKind[] = [...Array.from({ length: 12 }, () => 'ed25519' as const), 'p256', 'rsa']
const WITH_P384: readonly TufKeyKind[] = ['ed25519', 'p256', 'p384']

interface OddOnes {
  p384: boolean
  patterns: boolean
}

/** Keys are slow to make, so all histories draw from these. */
const pool = new Map<string, TufKey>()

/** @param seed two histories of one seed are the same, but for the signatures of RSA and ECDSA */
export function tufHistory(seed: number): TufHistory {
  const random = new SeededRandom(seed)
  // What tuf-js is known to see otherwise comes in some histories alone, so that it hides nothing in the others.
  const odd: OddOnes = { p384: random.chance(0.04), patterns: random.chance(0.1) }
  const repository = new TufRepository(START, drawKeys(random, random.whole(1, 3), odd))
  repository.records = { lengths: random.chance(0.7), hashes: random.chance(0.7) }
  repository.allSign = random.chance(0.3)
  if (random.chance(0.1)) repository.root.consistent_snapshot = false
  addTarget(repository, 'targets', random)
  const firstRoot = repository.publish().get('1.root.json') ?? new Uint8Array()
  const earlier = [repository.publish()]
  const steps: TufStep[] = []
  const count = random.whole(1, MAX_STEPS)
  for (let i = 0; i < count; i++) {
    if (random.chance(0.9)) workOn(repository, random, odd)
    let served = repository.publish()
    earlier.push(served)
    let what = 'honest'
    if (random.chance(0.55)) {
      what = random.pick(Object.keys(TUF_ATTACKS)) ?? what
      served = TUF_ATTACKS[what]?.(repository, random, earlier) ?? served
    }
    const path = random.chance(0.7) ? (random.pick(odd.patterns ? ODD_PATHS : PATHS) ?? null) : null
    steps.push({ served, now: new Date(repository.now), path, what })
  }
  return { firstRoot, steps }
}

/** What maintainers do between two visits of a client. */
function workOn(repository: TufRepository, random: SeededRandom, odd: OddOnes): void {
  repository.now += random.pick([0, 1, 1, 5, 20, 70])! * DAY_MS
  const acts = random.whole(1, 3)
  for (let i = 0; i < acts; i++) {
    const kind = random.whole(0, 7)
    if (kind <= 1) addTarget(repository, random.pick([...repository.targets.keys()]) ?? 'targets', random)
    else if (kind <= 3) rotate(repository, random, odd)
    else if (kind <= 5) delegate(repository, random, odd)
    else if (kind === 6) undelegate(repository, random)
    else repository.records = { lengths: random.chance(0.7), hashes: random.chance(0.7) }
  }
  for (const role of ['snapshot', 'timestamp']) repository.statementOf(role).version += 1
  for (const role of repository.roleNames()) {
    // Whoever forgets to renew lets it expire.
    if (role !== 'root' && random.chance(0.85)) renew(repository, role)
  }
}

function renew(repository: TufRepository, role: string): void {
  const statement = repository.statementOf(role)
  const expires = dateIn(repository.now, VALIDITY[role] ?? 90)
  if (statement.expires === expires) return
  statement.expires = expires
  if (repository.targets.has(role)) statement.version += 1
}

function addTarget(repository: TufRepository, role: string, random: SeededRandom): void {
  const statement = repository.statementOf(role)
  const hash = Array.from({ length: 64 }, () => random.whole(0, 15).toString(16)).join('')
  statement.targets[random.pick([...PATHS, ...ODD_PATHS]) ?? 'a'] = {
    length: random.whole(0, 1000),
    hashes: { sha256: hash },
  }
  statement.version += 1
  if (role === 'targets') statement.targets.archive = archiveTarget(statement.version)
}

/** Other keys, another threshold, or none of it; one root or several in a row. */
function rotate(repository: TufRepository, random: SeededRandom, odd: OddOnes): void {
  repository.publish()
  const root = repository.nextRoot()
  root.expires = dateIn(repository.now, random.chance(0.05) ? -1 : 365)
  for (const role of TOP_ROLES) {
    if (random.chance(0.4)) root.roles[role] = nameKeys(repository, root.keys, random, odd, root.roles[role])
  }
  if (random.chance(0.05)) root.consistent_snapshot = !root.consistent_snapshot
  repository.publish()
  repository.rootBefore = structuredClone(root)
}

/** @returns a ROLE with keys, some of those before among them, all defined in `keys` */
function nameKeys(
  repository: TufRepository,
  keys: Statement,
  random: SeededRandom,
  odd: OddOnes,
  before?: Statement,
): Statement {
  const kept = (before?.keyids ?? []).filter(() => random.chance(0.6)) as string[]
  const added = drawKeys(random, random.whole(kept.length === 0 ? 1 : 0, 2), odd)
  for (const key of added) {
    repository.keys.set(key.id, key)
    keys[key.id] = key.object
  }
  const keyids = [...new Set([...kept, ...added.map((key) => key.id)])]
  return { keyids, threshold: random.whole(1, keyids.length) }
}

function delegate(repository: TufRepository, random: SeededRandom, odd: OddOnes): void {
  const by = random.pick([...repository.targets.keys()]) ?? 'targets'
  const statement = repository.statementOf(by)
  statement.delegations ??= { keys: {}, roles: [] }
  const name = random.pick(DELEGATES) ?? 'alpha'
  const { roles, keys } = statement.delegations
  const patterns = odd.patterns ? ODD_PATTERNS : PATTERNS
  const at = roles.findIndex((one: Statement) => one.name === name)
  const role = {
    ...nameKeys(repository, keys, random, odd, roles[at]),
    name,
    terminating: random.chance(0.3),
    ...(random.chance(0.75)
      ? { paths: [random.pick(patterns), random.pick(patterns)] }
      : { path_hash_prefixes: [random.pick(PREFIXES), random.pick(PREFIXES), random.pick(PREFIXES)] }),
  }
  if (at >= 0) roles[at] = role
  else roles.splice(random.whole(0, roles.length), 0, role)
  statement.version += 1
  if (repository.targets.has(name)) repository.statementOf(name).version += 1
  else repository.targets.set(name, { ...headerOf('targets', repository.now, 90), targets: {} })
  addTarget(repository, name, random)
}

/** The role is no longer trusted; its file stays where it was. */
function undelegate(repository: TufRepository, random: SeededRandom): void {
  const statement = repository.statementOf(random.pick([...repository.targets.keys()]) ?? 'targets')
  const roles = statement.delegations?.roles
  if (roles === undefined || roles.length === 0) return
  roles.splice(random.whole(0, roles.length - 1), 1)
  statement.version += 1
}

function drawKeys(random: SeededRandom, count: number, odd: OddOnes): TufKey[] {
  const keys = Array.from({ length: count }, () => {
    const kind = random.pick(odd.p384 ? WITH_P384 : KINDS) ?? 'ed25519'
    const name = `${kind} ${kind === 'rsa' ? 0 : random.whole(0, kind === 'ed25519' ? 15 : 3)}`
    const key = pool.get(name) ?? tufKey(kind, Number(name.split(' ')[1]))
    pool.set(name, key)
    return key
  })
  return [...new Set(keys)]
}

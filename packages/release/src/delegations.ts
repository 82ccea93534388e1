/** Delegations of targets metadata: who else may speak for which target paths (TUF 4.5, "DELEGATIONS"). */
import type { Json } from './canonical-json.ts'
import { sha256Hex } from './digest.ts'
import { parsePublicKey, type PublicKey } from './keys.ts'
import { MAX_DELEGATED_ROLES, MAX_KEYS, MAX_PATH_PATTERN_CHARS, MAX_PATH_PATTERNS } from './limits.ts'
import { matchesPattern } from './path-patterns.ts'
import { Refusal } from './refusal.ts'
import { parseRole, type Role } from './role.ts'
import { arrayAt, hexAt, member, objectAt, stringAt, type JsonObject } from './shapes.ts'

export interface DelegatedRole extends Role {
  readonly name: string
  /** Whether nobody after this role is asked for paths that it is trusted with. */
  readonly terminating: boolean
  /** Shell patterns of target paths; null when the role is named by hash prefixes. */
  readonly paths: readonly string[] | null
  /** Beginnings of the SHA-256 of a target path, hex; null when the role is named by patterns. */
  readonly hashPrefixes: readonly string[] | null
}

/** A delegating targets file as the one who names keys and roles. */
export interface Delegations {
  readonly keys: ReadonlyMap<string, PublicKey>
  /** In the order of their priority. */
  readonly roles: ReadonlyMap<string, DelegatedRole>
}

const TOP_ROLES = new Set(['root', 'timestamp', 'snapshot', 'targets'])

/** @throws Refusal 'bad-format' or 'too-large' */
export function parseDelegations(value: Json): Delegations {
  const object = objectAt(value, 'delegations')
  const keys = Object.entries(objectAt(member(object, 'keys'), 'delegations.keys'))
  // Endless data: TUF 4.5 sets no bound.
  if (keys.length > MAX_KEYS) throw new Refusal('too-large', `more than ${MAX_KEYS} keys`)
  const list = arrayAt(member(object, 'roles'), 'delegations.roles')
  if (list.length > MAX_DELEGATED_ROLES)
    throw new Refusal('too-large', `more than ${MAX_DELEGATED_ROLES} delegated roles`)
  const roles = new Map<string, DelegatedRole>()
  for (const item of list) {
    const role = parseDelegatedRole(objectAt(item, 'a delegated role'))
    // TUF 4.5: names are unique, else it is not clear whose keys count.
    if (roles.has(role.name)) throw new Refusal('bad-format', 'a role is delegated to twice')
    roles.set(role.name, role)
  }
  return {
    keys: new Map(keys.map(([keyId, key]) => [keyId, parsePublicKey(objectAt(key, 'a key'), 'a key')])),
    roles,
  }
}

/** Whether a role is trusted with a target path, by its patterns or by the hash of the path (TUF 5.6.7.2). */
export async function isTrustedWith(role: DelegatedRole, path: string): Promise<boolean> {
  if (role.paths !== null) return role.paths.some((pattern) => matchesPattern(pattern, path))
  const hash = await sha256Hex(new TextEncoder().encode(path))
  return role.hashPrefixes?.some((prefix) => hash.startsWith(prefix)) ?? false
}

function parseDelegatedRole(object: JsonObject): DelegatedRole {
  const name = stringAt(member(object, 'name'), 'a delegated role.name')
  // A role called root or timestamp would pass for the top role where files are named by roles.
  if (name === '' || TOP_ROLES.has(name)) throw new Refusal('bad-format', 'a delegated role has no name of its own')
  const terminating = member(object, 'terminating')
  if (typeof terminating !== 'boolean')
    throw new Refusal('bad-format', 'a delegated role.terminating is neither true nor false')
  const paths = member(object, 'paths')
  const prefixes = member(object, 'path_hash_prefixes')
  // TUF 4.5: one of the two, so that what a role may speak for is plain.
  if ((paths === undefined) === (prefixes === undefined)) {
    throw new Refusal('bad-format', 'a delegated role needs either paths or path_hash_prefixes')
  }
  return {
    ...parseRole(object, 'a delegated role'),
    name,
    terminating,
    paths: paths === undefined ? null : textsAt(paths, 'paths').map(limitPattern),
    hashPrefixes: prefixes === undefined ? null : textsAt(prefixes, 'path_hash_prefixes').map(prefixAt),
  }
}

function textsAt(value: Json, field: string): string[] {
  const list = arrayAt(value, `a delegated role.${field}`)
  // Endless data, and patterns that take for ever to match.
  if (list.length > MAX_PATH_PATTERNS) throw new Refusal('too-large', `more than ${MAX_PATH_PATTERNS} ${field}`)
  return list.map((item) => stringAt(item, `a delegated role.${field}`))
}

function limitPattern(pattern: string): string {
  if (pattern.length <= MAX_PATH_PATTERN_CHARS) return pattern
  throw new Refusal('too-large', `a path pattern of more than ${MAX_PATH_PATTERN_CHARS} characters`)
}

/** A prefix may have an odd number of digits. */
function prefixAt(prefix: string): string {
  hexAt(prefix.length % 2 === 0 ? prefix : `${prefix}0`, 'a delegated role.path_hash_prefixes')
  return prefix
}

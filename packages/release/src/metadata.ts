/**
 * The four roles of TUF metadata (TUF 4.3 to 4.6): bytes in, checked shapes out. Nothing here is verified yet.
 * Fields that we do not know stay in `raw` and in the signed bytes.
 */
import { canonicalBytes, parseJson, type Json } from './canonical-json.ts'
import { parseDelegations, type Delegations } from './delegations.ts'
import { parsePublicKey, type PublicKey } from './keys.ts'
import { MAX_KEYS, MAX_SIGNATURES } from './limits.ts'
import { Refusal } from './refusal.ts'
import { parseRole, type Role } from './role.ts'
import { arrayAt, dateAt, integerAt, member, objectAt, stringAt, type JsonObject } from './shapes.ts'

/** One metadata file: the statement, and who claims to have signed it. */
export interface SignedFile<T extends Signed> {
  /** As received. */
  readonly bytes: Uint8Array
  /** The canonical form of `signed`: what the signatures cover. */
  readonly signedBytes: Uint8Array
  readonly signatures: readonly { readonly keyId: string; readonly signature: string }[]
  readonly signed: T
}

export interface Signed {
  readonly version: number
  /** RFC 3339, whole seconds, UTC. */
  readonly expires: string
  readonly raw: JsonObject
}

export type TopRole = 'root' | 'timestamp' | 'snapshot' | 'targets'

/** Whoever names keys and roles: a root, later a targets file that delegates. */
export interface Delegator {
  readonly keys: ReadonlyMap<string, PublicKey>
  readonly roles: ReadonlyMap<string, Role>
}

export interface Root extends Signed, Delegator {
  /** Whether files are asked for by version and hash (TUF 6.2). */
  readonly consistentSnapshot: boolean
}

/** What one role says of another's file (METAFILES, TUF 4.4). */
export interface FileRecord {
  readonly version: number
  readonly length?: number
  readonly hashes?: ReadonlyMap<string, string>
}

export interface Timestamp extends Signed {
  readonly snapshot: FileRecord
}

export interface Snapshot extends Signed {
  /** By file name, such as `targets.json`. */
  readonly files: ReadonlyMap<string, FileRecord>
}

export interface TargetRecord {
  readonly length: number
  readonly hashes: ReadonlyMap<string, string>
  readonly custom?: JsonObject
}

export interface Targets extends Signed {
  readonly targets: ReadonlyMap<string, TargetRecord>
  /** null when nobody else may speak for targets. */
  readonly delegations: Delegations | null
}

const TOP_ROLES: readonly TopRole[] = ['root', 'timestamp', 'snapshot', 'targets']
const SPEC_VERSION_1 = /^1\.\d+(?:\.\d+)?$/

/** @throws Refusal when the bytes are not root metadata (TUF 4.3) */
export function parseRoot(bytes: Uint8Array): SignedFile<Root> {
  return parseFile(bytes, 'root', (raw) => {
    const consistent = member(raw, 'consistent_snapshot')
    if (consistent !== undefined && typeof consistent !== 'boolean') {
      throw new Refusal('bad-format', 'root.consistent_snapshot is neither true nor false')
    }
    const roles = parseRoles(objectAt(member(raw, 'roles'), 'root.roles'))
    const keys = parseKeys(objectAt(member(raw, 'keys'), 'root.keys'))
    return { keys, roles, consistentSnapshot: consistent === true }
  })
}

/** @throws Refusal when the bytes are not timestamp metadata (TUF 4.6) */
export function parseTimestamp(bytes: Uint8Array): SignedFile<Timestamp> {
  return parseFile(bytes, 'timestamp', (raw) => {
    const files = parseFileRecords(raw, 'timestamp')
    const snapshot = files.get('snapshot.json')
    if (snapshot === undefined) throw new Refusal('bad-format', 'timestamp.meta names no snapshot.json')
    return { snapshot }
  })
}

/** @throws Refusal when the bytes are not snapshot metadata (TUF 4.4) */
export function parseSnapshot(bytes: Uint8Array): SignedFile<Snapshot> {
  return parseFile(bytes, 'snapshot', (raw) => ({ files: parseFileRecords(raw, 'snapshot') }))
}

/** @throws Refusal when the bytes are not targets metadata (TUF 4.5) */
export function parseTargets(bytes: Uint8Array): SignedFile<Targets> {
  return parseFile(bytes, 'targets', (raw) => {
    const targets = new Map<string, TargetRecord>()
    for (const [path, value] of Object.entries(objectAt(member(raw, 'targets'), 'targets.targets'))) {
      targets.set(path, parseTarget(objectAt(value, 'a target')))
    }
    const delegations = member(raw, 'delegations')
    return { targets, delegations: delegations === undefined ? null : parseDelegations(delegations) }
  })
}

function parseFile<T>(bytes: Uint8Array, type: TopRole, parseRest: (raw: JsonObject) => T): SignedFile<Signed & T> {
  const file = objectAt(parseJson(bytes), type)
  const raw = objectAt(member(file, 'signed'), `${type}.signed`)
  if (member(raw, '_type') !== type) throw new Refusal('bad-format', `_type is not ${type}`)
  // TUF 5.: a client must refuse a major version of the specification that it does not know.
  if (!SPEC_VERSION_1.test(stringAt(member(raw, 'spec_version'), `${type}.spec_version`))) {
    throw new Refusal('bad-format', `${type}.spec_version is not 1.x`)
  }
  const signed = {
    version: integerAt(member(raw, 'version'), `${type}.version`, 1),
    expires: dateAt(member(raw, 'expires'), `${type}.expires`),
    raw,
    ...parseRest(raw),
  }
  return { bytes, signedBytes: canonicalBytes(raw), signatures: parseSignatures(member(file, 'signatures')), signed }
}

function parseSignatures(value: Json | undefined): { keyId: string; signature: string }[] {
  const list = arrayAt(value, 'signatures')
  if (list.length > MAX_SIGNATURES) throw new Refusal('too-large', `more than ${MAX_SIGNATURES} signatures`)
  const seen = new Set<string>()
  return list.map((item) => {
    const entry = objectAt(item, 'a signature')
    const keyId = stringAt(member(entry, 'keyid'), 'a signature.keyid')
    // TUF 4.2: key ids must be unique here, else one signature could be counted twice.
    if (seen.has(keyId)) throw new Refusal('duplicate-signature', 'one key id stands twice among the signatures')
    seen.add(keyId)
    return { keyId, signature: stringAt(member(entry, 'sig'), 'a signature.sig') }
  })
}

function parseKeys(object: JsonObject): Map<string, PublicKey> {
  const entries = Object.entries(object)
  if (entries.length > MAX_KEYS) throw new Refusal('too-large', `more than ${MAX_KEYS} keys`)
  return new Map(entries.map(([keyId, value]) => [keyId, parsePublicKey(objectAt(value, 'a key'), 'a key')]))
}

function parseRoles(object: JsonObject): Map<string, Role> {
  return new Map(TOP_ROLES.map((name) => [name, parseRole(objectAt(member(object, name), `root.roles.${name}`), name)]))
}

function parseFileRecords(raw: JsonObject, role: string): Map<string, FileRecord> {
  const records = new Map<string, FileRecord>()
  for (const [name, value] of Object.entries(objectAt(member(raw, 'meta'), `${role}.meta`))) {
    const object = objectAt(value, `${role}.meta entry`)
    const length = member(object, 'length')
    const hashes = member(object, 'hashes')
    records.set(name, {
      version: integerAt(member(object, 'version'), `${role}.meta version`, 1),
      ...(length === undefined ? {} : { length: integerAt(length, `${role}.meta length`, 1) }),
      ...(hashes === undefined ? {} : { hashes: parseHashes(hashes) }),
    })
  }
  return records
}

function parseTarget(object: JsonObject): TargetRecord {
  const custom = member(object, 'custom')
  return {
    length: integerAt(member(object, 'length'), 'a target.length', 0),
    hashes: parseHashes(member(object, 'hashes')),
    ...(custom === undefined ? {} : { custom: objectAt(custom, 'a target.custom') }),
  }
}

function parseHashes(value: Json | undefined): Map<string, string> {
  const entries = Object.entries(objectAt(value, 'hashes'))
  if (entries.length === 0) throw new Refusal('bad-format', 'hashes is empty')
  return new Map(entries.map(([name, hash]) => [name, stringAt(hash, 'a hash')]))
}

/** A whole TUF repository in memory, delegations included: what it serves, honest or changed on purpose. */
import { createHash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { sha256 } from 'multiformats/hashes/sha2'
import { canonicalText, type Statement } from './forgery.ts'
import type { TufKey } from './tuf-keys.ts'

/** By role name. Each comes after what the one before it did. */
export interface Edits {
  /** Changes a statement before it is signed. */
  statement?: { [role: string]: (signed: Statement) => void }
  /** Who signs instead of those whose duty it is. */
  signers?: { [role: string]: (due: TufKey[]) => TufKey[] }
  /** Changes a signed file; the records above are made from what comes out. */
  file?: { [role: string]: (file: Statement) => void }
  /** Changes the bytes that are served; the records above are those of the bytes before. */
  bytes?: { [role: string]: (bytes: Uint8Array) => Uint8Array | null }
}

export interface RecordStyle {
  lengths: boolean
  hashes: boolean
}

const DAG_PB = 0x70
const JSON_CODEC = 0x0200
const DAY_MS = 24 * 60 * 60 * 1000
const utf8 = new TextEncoder()

export class TufRepository {
  /** Milliseconds since 1970. */
  now: number
  /** All keys that anybody here ever had, by id. */
  readonly keys = new Map<string, TufKey>()
  /** The newest root, and the one before it. */
  root: Statement
  rootBefore: Statement = null
  snapshot: Statement
  timestamp: Statement
  /** Statements of `targets` and of delegated roles, by name. */
  readonly targets = new Map<string, Statement>()
  records: RecordStyle = { lengths: true, hashes: true }
  /** Whether all of a role's keys sign, or as many as must. */
  allSign = false
  /** The archive's address, once its first root is signed. */
  #address: string | null = null
  #served: ReadonlyMap<string, Uint8Array> = new Map()
  /** ECDSA and RSA give another signature each time; here the same statement gives the same file. */
  readonly #signatures = new Map<TufKey, Map<string, string>>()

  /** @param now milliseconds since 1970 @param keys each signs all four roles, threshold 1 */
  constructor(now: number, keys: TufKey[]) {
    this.now = now
    for (const key of keys) this.keys.set(key.id, key)
    const role = (): Statement => ({ keyids: keys.map((key) => key.id), threshold: 1 })
    this.root = {
      ...headerOf('root', now, 365),
      holdfast: { name: 'Some archive' },
      consistent_snapshot: true,
      keys: Object.fromEntries(keys.map((key) => [key.id, key.object])),
      roles: { root: role(), timestamp: role(), snapshot: role(), targets: role() },
    }
    this.snapshot = { ...headerOf('snapshot', now, 60), meta: {} }
    this.timestamp = { ...headerOf('timestamp', now, 30), meta: {} }
    this.targets.set('targets', { ...headerOf('targets', now, 90), targets: { archive: archiveTarget(0) } })
  }

  /** @returns the statement of a role @throws Error when there is no such role */
  statementOf(role: string): Statement {
    if (role === 'root' || role === 'snapshot' || role === 'timestamp') return this[role]
    const statement = this.targets.get(role)
    if (statement === undefined) throw new Error(`nobody is called ${role}`)
    return statement
  }

  roleNames(): string[] {
    return ['root', 'timestamp', 'snapshot', ...this.targets.keys()]
  }

  /** Begins the next root; whoever changes keys does so after it. */
  nextRoot(): Statement {
    this.rootBefore = structuredClone(this.root)
    this.root.version += 1
    return this.root
  }

  /** What would be served now, among all that was served before. */
  build(edits: Edits = {}): Map<string, Uint8Array> {
    const files = new Map(this.#served)
    const root = this.#sign('root', this.root, edits)
    this.#address ??= addressOf(root.bytes)
    const meta: Statement = {}
    for (const [name, statement] of this.targets) {
      const { version, bytes } = this.#sign(name, statement, edits)
      meta[`${name}.json`] = this.#record(bytes, version)
      put(files, name, version, bytes, edits)
    }
    const snapshot = this.#sign('snapshot', { ...this.snapshot, meta }, edits)
    put(files, 'snapshot', snapshot.version, snapshot.bytes, edits)
    const named = { 'snapshot.json': this.#record(snapshot.bytes, snapshot.version) }
    const timestamp = this.#sign('timestamp', { ...this.timestamp, meta: named }, edits)
    put(files, 'timestamp', timestamp.version, timestamp.bytes, edits)
    put(files, 'root', this.root.version, root.bytes, edits)
    return files
  }

  /** From here on this is what was published. */
  publish(): Map<string, Uint8Array> {
    const files = this.build()
    this.#served = files
    return files
  }

  /** Keys that must sign a role, by the statement of whoever named them. */
  dueFor(role: string): TufKey[] {
    const newest = this.#named(role)
    if (role !== 'root' || this.rootBefore === null) return newest
    return [...new Set([...this.#namedBy(this.rootBefore.roles.root), ...newest])]
  }

  #named(role: string): TufKey[] {
    if (Object.hasOwn(this.root.roles, role)) return this.#namedBy(this.root.roles[role])
    for (const { delegations } of this.targets.values()) {
      const found = delegations?.roles.find((one: Statement) => one.name === role)
      if (found !== undefined) return this.#namedBy(found)
    }
    return []
  }

  #namedBy(role: Statement): TufKey[] {
    const ids: string[] = this.allSign ? role.keyids : role.keyids.slice(0, role.threshold)
    return ids.map((id) => this.keys.get(id)).filter((key) => key !== undefined)
  }

  #sign(role: string, statement: Statement, edits: Edits): { version: Statement; bytes: Uint8Array } {
    const signed = structuredClone(statement)
    // Ours say for which archive they are; the first root makes its address.
    if (role === 'targets' || (role === 'root' && signed.version > 1)) {
      signed.holdfast = { ...signed.holdfast, archive: this.#address }
    }
    edits.statement?.[role]?.(signed)
    const due = this.dueFor(role)
    const signers = edits.signers?.[role]?.(due) ?? due
    const text = canonicalText(signed)
    const file = { signatures: signers.map((key) => ({ keyid: key.id, sig: this.#signatureOf(key, text) })), signed }
    edits.file?.[role]?.(file)
    return { version: signed.version, bytes: utf8.encode(JSON.stringify(file)) }
  }

  #signatureOf(key: TufKey, text: string): string {
    const known = this.#signatures.get(key) ?? new Map<string, string>()
    const signature = known.get(text) ?? key.sign(utf8.encode(text))
    this.#signatures.set(key, known.set(text, signature))
    return signature
  }

  #record(bytes: Uint8Array, version: Statement): Statement {
    return {
      version,
      ...(this.records.lengths ? { length: bytes.length } : {}),
      ...(this.records.hashes ? { hashes: { sha256: createHash('sha256').update(bytes).digest('hex') } } : {}),
    }
  }
}

/** @returns what makes targets metadata a release of ours */
export function archiveTarget(number: number): Statement {
  const digest = createHash('sha256').update(`tree ${number}`).digest()
  const cid = CID.createV1(DAG_PB, createDigest(sha256.code, digest)).toString()
  const custom = { cid, manifest: cid, message: `Release ${number}`, published: '2026-03-01T12:00:00Z', previous: null }
  return { length: 100, hashes: { sha256: digest.toString('hex') }, custom: { ...custom, size: number, files: 1 } }
}

/** @returns the address of an archive that begins with this root */
export function addressOf(firstRoot: Uint8Array): string {
  const digest = createHash('sha256').update(firstRoot).digest()
  return CID.createV1(JSON_CODEC, createDigest(sha256.code, digest)).toString()
}

/** The fields that all roles share, from version 1 on. */
export function headerOf(type: string, now: number, days: number): Statement {
  return { _type: type, spec_version: '1.0.31', version: 1, expires: dateIn(now, days) }
}

/** @returns the date so many days on, as TUF writes it */
export function dateIn(now: number, days: number): string {
  return `${new Date(now + days * DAY_MS).toISOString().slice(0, 19)}Z`
}

/** Under both names: with its version, and for repositories without consistent snapshots. */
function put(files: Map<string, Uint8Array>, role: string, version: Statement, bytes: Uint8Array, edits: Edits): void {
  const change = edits.bytes?.[role]
  const served = change ? change(bytes) : bytes
  const name = `${encodeURIComponent(role)}.json`
  for (const file of [name, `${version}.${name}`]) {
    if (served === null) files.delete(file)
    else files.set(file, served)
  }
}

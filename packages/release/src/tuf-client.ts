/**
 * The client workflow of TUF (5.1 to 5.7) against any TUF repository, by the same steps that verifyAnnouncement takes:
 * verify.ts, rollback.ts, freshness.ts. Files come and go through two capabilities; there is no other I/O.
 */
import { hashHex } from './digest.ts'
import { isTrustedWith, type DelegatedRole, type Delegations } from './delegations.ts'
import { forbidExpired, hasExpired } from './freshness.ts'
import { MAX_ROOT_BYTES, MAX_ROOTS, MAX_SIGNED_FILE_BYTES, MAX_TIMESTAMP_BYTES, MAX_VISITED_ROLES } from './limits.ts'
import {
  parseSnapshot,
  parseTimestamp,
  type Delegator,
  type FileRecord,
  type Root,
  type Signed,
  type SignedFile,
  type Snapshot,
  type TargetRecord,
  type Targets,
  type Timestamp,
} from './metadata.ts'
import { Refusal, refusalFrom, type VerdictCode } from './refusal.ts'
import { forbidSnapshotRollback, forbidTimestampRollback } from './rollback.ts'
import { requireThreshold } from './signatures.ts'
import { verifyFirstRoot, verifyNextRoot, verifySnapshot, verifyTargets, verifyTimestamp } from './verify.ts'

/** Where metadata comes from. */
export interface MetadataSource {
  /**
   * @param file such as `3.root.json`; role names are percent-encoded already
   * @param maxBytes a longer file may be cut off or refused
   * @returns null when there is no such file
   */
  fetch(file: string, maxBytes: number): Promise<Uint8Array | null>
}

/** What is trusted already, by role name: verbatim bytes. */
export interface TrustedFiles {
  read(role: string): Promise<Uint8Array | null>
  write(role: string, bytes: Uint8Array): Promise<void>
  remove(role: string): Promise<void>
}

export type TufOutcome<T> = { ok: true; value: T } | { ok: false; code: VerdictCode; reason: string }

/** What a target must be. */
export interface FoundTarget {
  record: TargetRecord
  /** Names to ask for below the target's folder, such as `<sha256>.file`; the plain name where snapshots are not consistent. */
  fileNames: string[]
}

interface TopRoles {
  root: SignedFile<Root>
  snapshot: SignedFile<Snapshot>
  targets: SignedFile<Targets>
}

export class TufClient {
  readonly #trusted: TrustedFiles
  readonly #source: MetadataSource
  readonly #now: Date
  #top: TopRoles | null = null

  /** @param now fixed for the whole update (TUF 5.1) */
  constructor(trusted: TrustedFiles, source: MetadataSource, now: Date) {
    this.#trusted = trusted
    this.#source = source
    this.#now = now
  }

  /**
   * Brings the top roles up to date; what verifies is stored, what does not changes nothing.
   *
   * @throws what the capabilities throw
   */
  async refresh(): Promise<TufOutcome<null>> {
    return await outcomeOf(async () => {
      const root = await this.#updateRoot()
      const timestamp = await this.#updateTimestamp(root.signed)
      const snapshot = await this.#updateSnapshot(root.signed, timestamp.signed)
      const targets = await this.#updateTargets('targets', root.signed, root.signed, snapshot.signed)
      this.#top = { root, snapshot, targets }
      return null
    })
  }

  /**
   * Searches for a target, depth first through the delegations, after `refresh` (TUF 5.6.7).
   *
   * @returns null when no role that is trusted with the path names it
   */
  async findTarget(path: string): Promise<TufOutcome<FoundTarget | null>> {
    return await outcomeOf(async () => {
      const top = this.#top
      if (top === null) throw new Refusal('bad-format', 'nothing was refreshed yet')
      const record = await this.#search(top, path)
      return record && { record, fileNames: fileNamesOf(path, record, top.root.signed.consistentSnapshot) }
    })
  }

  /** TUF 5.3 */
  async #updateRoot(): Promise<SignedFile<Root>> {
    const first = await this.#trusted.read('root')
    if (first === null) throw new Refusal('bad-format', 'there is no trusted root to begin with')
    let root = await verifyFirstRoot(first)
    for (let taken = 0; ; taken++) {
      const bytes = await this.#source.fetch(`${root.signed.version + 1}.root.json`, MAX_ROOT_BYTES)
      if (bytes === null) break
      if (taken === MAX_ROOTS) throw new Refusal('too-many-roots', `more than ${MAX_ROOTS} roots at once`)
      const next = await verifyNextRoot(root.signed, bytes)
      // TUF 5.3.11: fast-forward. Versions that a thief pushed up end with the keys that signed them. At once, and not
      // when the chain has ended: a bad root after this one would otherwise keep the thief's versions for good.
      if (keysChanged(root.signed, next.signed, 'timestamp') || keysChanged(root.signed, next.signed, 'snapshot')) {
        await this.#trusted.remove('timestamp')
        await this.#trusted.remove('snapshot')
      }
      await this.#trusted.write('root', bytes)
      root = next
    }
    forbidExpired(root.signed, 'root', this.#now) // TUF 5.3.10: freeze
    return root
  }

  /** TUF 5.4 */
  async #updateTimestamp(root: Root): Promise<SignedFile<Timestamp>> {
    const held = await this.#held('timestamp', root, parseTimestamp)
    const bytes = await this.#source.fetch('timestamp.json', MAX_TIMESTAMP_BYTES)
    if (bytes === null) throw new Refusal('bad-format', 'there is no timestamp')
    const offered = await verifyTimestamp(root, bytes)
    // TUF 5.4.3.1: an equal version changes nothing, whatever else it says.
    const timestamp = held?.signed.version === offered.signed.version ? held : offered
    if (held !== null && timestamp === offered) forbidTimestampRollback(held.signed, offered.signed)
    forbidExpired(timestamp.signed, 'timestamp', this.#now) // TUF 5.4.4: freeze; an expired one is not kept either
    if (timestamp === offered) await this.#trusted.write('timestamp', bytes)
    return timestamp
  }

  /** TUF 5.5 */
  async #updateSnapshot(root: Root, timestamp: Timestamp): Promise<SignedFile<Snapshot>> {
    const held = await this.#held('snapshot', root, parseSnapshot)
    const current = held && (await verifiedOrNull(async () => await verifySnapshot(root, timestamp, held.bytes)))
    if (current !== null && !hasExpired(current.signed.expires, this.#now)) return current
    const file = versioned(root, timestamp.snapshot, 'snapshot')
    const bytes = await this.#source.fetch(file, timestamp.snapshot.length ?? MAX_SIGNED_FILE_BYTES)
    if (bytes === null) throw new Refusal('mix-and-match', `there is no ${file}`)
    const offered = await verifySnapshot(root, timestamp, bytes)
    if (held !== null) forbidSnapshotRollback(held.signed, offered.signed) // TUF 5.5.5
    forbidExpired(offered.signed, 'snapshot', this.#now) // TUF 5.5.6: freeze
    await this.#trusted.write('snapshot', bytes)
    return offered
  }

  /** TUF 5.6, for the top role and for delegated ones: what is cached counts only if this delegator vouches for it now. */
  async #updateTargets(
    roleName: string,
    root: Root,
    delegator: Delegator | Delegations,
    snapshot: Snapshot,
  ): Promise<SignedFile<Targets>> {
    const held = await this.#trusted.read(roleName)
    const current = held && (await verifiedOrNull(async () => await verifyTargets(delegator, snapshot, roleName, held)))
    if (current !== null && !hasExpired(current.file.signed.expires, this.#now)) return current.file
    const record = snapshot.files.get(`${roleName}.json`)
    if (record === undefined) throw new Refusal('mix-and-match', `the snapshot does not list ${roleName}`)
    const file = versioned(root, record, roleName)
    const bytes = await this.#source.fetch(file, record.length ?? MAX_SIGNED_FILE_BYTES)
    if (bytes === null) throw new Refusal('mix-and-match', `there is no ${file}`)
    const offered = await verifyTargets(delegator, snapshot, roleName, bytes)
    forbidExpired(offered.file.signed, roleName, this.#now) // TUF 5.6.5: freeze
    await this.#trusted.write(roleName, bytes)
    return offered.file
  }

  /** TUF 5.6.7: pre-order; each role once; not too many. */
  async #search({ root, snapshot, targets }: TopRoles, path: string): Promise<TargetRecord | null> {
    const visited = new Set<string>(['targets'])
    const open: { role: DelegatedRole; by: Delegations }[] = []
    let current = targets
    for (;;) {
      const record = current.signed.targets.get(path)
      if (record !== undefined) return record
      const further = await delegatesFor(current.signed.delegations, path)
      if (further.cutsOff) open.length = 0
      open.push(...further.roles.toReversed())
      let next = open.pop()
      while (next !== undefined && visited.has(next.role.name)) next = open.pop()
      if (next === undefined || visited.size > MAX_VISITED_ROLES) return null
      visited.add(next.role.name)
      current = await this.#updateTargets(next.role.name, root.signed, next.by, snapshot.signed)
    }
  }

  /** What is stored, if the newest root's keys still vouch for it; else it is as good as nothing. */
  async #held<T extends Signed>(
    role: 'timestamp' | 'snapshot',
    root: Root,
    parse: (bytes: Uint8Array) => SignedFile<T>,
  ): Promise<SignedFile<T> | null> {
    const bytes = await this.#trusted.read(role)
    return (
      bytes &&
      (await verifiedOrNull(async () => {
        const file = parse(bytes)
        await requireThreshold(file, root, role)
        return file
      }))
    )
  }
}

/** Delegated roles that are trusted with a path, by priority, down to the first that is terminating. */
async function delegatesFor(
  by: Delegations | null,
  path: string,
): Promise<{ roles: { role: DelegatedRole; by: Delegations }[]; cutsOff: boolean }> {
  const roles: { role: DelegatedRole; by: Delegations }[] = []
  for (const role of by?.roles.values() ?? []) {
    if (!(await isTrustedWith(role, path))) continue
    if (by !== null) roles.push({ role, by })
    // TUF 5.6.7.2.1: nobody after a terminating role is asked, whoever delegated to them.
    if (role.terminating) return { roles, cutsOff: true }
  }
  return { roles, cutsOff: false }
}

function versioned(root: Root, record: FileRecord, roleName: string): string {
  const name = `${percentEncoded(roleName)}.json`
  return root.consistentSnapshot ? `${record.version}.${name}` : name
}

/** TUF 5.7.3, 6.2.3: with consistent snapshots a target is asked for by each of its hashes. */
function fileNamesOf(path: string, { hashes }: TargetRecord, consistent: boolean): string[] {
  if (!consistent) return [path]
  const slash = path.lastIndexOf('/') + 1
  return [...hashes.values()].map((hash) => `${path.slice(0, slash)}${hash}.${path.slice(slash)}`)
}

/** Role names come from strangers: nothing in them may lead elsewhere in a URL or on a disk. */
export function percentEncoded(name: string): string {
  return encodeURIComponent(name).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** Whether the bytes of a target are what its record says: length and every hash that we know, at least one (TUF 5.7.2). */
export async function isTarget(record: TargetRecord, bytes: Uint8Array): Promise<boolean> {
  if (bytes.length !== record.length) return false
  let known = 0
  for (const [algorithm, expected] of record.hashes) {
    const actual = await hashHex(algorithm, bytes)
    if (actual === null) continue
    if (actual !== expected) return false
    known++
  }
  return known > 0
}

function keysChanged(before: Root, after: Root, role: string): boolean {
  const one = before.roles.get(role)
  const other = after.roles.get(role)
  const texts = (root: Root, ids: readonly string[] = []): string =>
    ids
      .map((id) => root.keys.get(id)?.text ?? id)
      .toSorted()
      .join('\n')
  return one?.threshold !== other?.threshold || texts(before, one?.keyIds) !== texts(after, other?.keyIds)
}

/** A stored file that no longer verifies is no attack: it is passed over, and a new one fetched. */
async function verifiedOrNull<T>(verify: () => Promise<T>): Promise<T | null> {
  try {
    return await verify()
  } catch (error) {
    refusalFrom(error)
    return null
  }
}

async function outcomeOf<T>(work: () => Promise<T>): Promise<TufOutcome<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    const { code, message } = refusalFrom(error)
    return { ok: false, code, reason: message }
  }
}

/**
 * The steps of the TUF client workflow (TUF 5.3 to 5.6), each a function of what is trusted and of the bytes that
 * arrived. They say whether a file is what the roles above it vouch for; rollback.ts compares it with what is held.
 * All throw a Refusal and know nothing of archives, so any TUF client can be built from them.
 */
import { hashHex } from './digest.ts'
import { MAX_ROOT_BYTES, MAX_SIGNED_FILE_BYTES, MAX_TIMESTAMP_BYTES } from './limits.ts'
import {
  parseRoot,
  parseSnapshot,
  parseTargets,
  parseTimestamp,
  type Delegator,
  type FileRecord,
  type Root,
  type Signed,
  type SignedFile,
  type Snapshot,
  type Targets,
  type Timestamp,
} from './metadata.ts'
import { Refusal } from './refusal.ts'
import { requireThreshold } from './signatures.ts'

/** A first root that is trusted for another reason (its hash is the address): it must at least sign itself. */
export async function verifyFirstRoot(bytes: Uint8Array): Promise<SignedFile<Root>> {
  limitSize(bytes, MAX_ROOT_BYTES, 'root')
  const root = parseRoot(bytes)
  await requireThreshold(root, root.signed, 'root')
  return root
}

/** The successor of a trusted root: signed by the thresholds of both, and exactly one version on. */
export async function verifyNextRoot(trusted: Root, bytes: Uint8Array): Promise<SignedFile<Root>> {
  limitSize(bytes, MAX_ROOT_BYTES, 'root') // TUF 5.3.3: endless data
  const next = parseRoot(bytes)
  // TUF 5.3.4: arbitrary software attack, and maintainers who give themselves more say than the old ones grant.
  await requireThreshold(next, trusted, 'root')
  await requireThreshold(next, next.signed, 'root')
  // TUF 5.3.5: rollback to keys that were given up, or a jump over a root that took a key away.
  if (next.signed.version !== trusted.version + 1) {
    throw new Refusal('rollback-root', `root version ${next.signed.version} after ${trusted.version}`)
  }
  return next
}

/** The timestamp, by the keys that the newest root names (TUF 5.4.1, 5.4.2). */
export async function verifyTimestamp(root: Root, bytes: Uint8Array): Promise<SignedFile<Timestamp>> {
  limitSize(bytes, MAX_TIMESTAMP_BYTES, 'timestamp') // TUF 5.4.1: endless data
  const timestamp = parseTimestamp(bytes)
  await requireThreshold(timestamp, root, 'timestamp') // TUF 5.4.2: arbitrary software attack
  return timestamp
}

/**
 * The snapshot that a verified timestamp names (TUF 5.5.1 to 5.5.4).
 *
 * @param timestamp its promise when both come at once: signatures are checked meanwhile, and its refusal comes first
 */
export async function verifySnapshot(
  root: Root,
  timestamp: Timestamp | Promise<Timestamp>,
  bytes: Uint8Array,
): Promise<SignedFile<Snapshot>> {
  limitSize(bytes, MAX_SIGNED_FILE_BYTES, 'snapshot') // TUF 5.5.1: endless data
  const checking = begun(async () => {
    const file = parseSnapshot(bytes)
    await requireThreshold(file, root, 'snapshot') // TUF 5.5.3: arbitrary software attack
    return file
  })
  const record = (await timestamp).snapshot
  await requireRecord(bytes, record, 'snapshot') // TUF 5.5.2: mix-and-match
  const snapshot = await checking
  requireVersion(snapshot.signed, record, 'snapshot') // TUF 5.5.4: mix-and-match
  return snapshot
}

/**
 * Targets metadata that a verified snapshot lists (TUF 5.6.1 to 5.6.4).
 *
 * @param delegator the root for the top role, the delegating targets for any other
 * @param snapshot its promise when both come at once, as above
 * @param roleName `targets` for the top role
 * @returns the metadata and the public keys that counted
 */
export async function verifyTargets(
  delegator: Delegator,
  snapshot: Snapshot | Promise<Snapshot>,
  roleName: string,
  bytes: Uint8Array,
): Promise<{ file: SignedFile<Targets>; signers: string[] }> {
  limitSize(bytes, MAX_SIGNED_FILE_BYTES, roleName) // TUF 5.6.1: endless data
  const checking = begun(async () => {
    const file = parseTargets(bytes)
    return { file, signers: await requireThreshold(file, delegator, roleName) } // TUF 5.6.3: arbitrary software attack
  })
  const record = (await snapshot).files.get(`${roleName}.json`)
  // TUF 5.6.2: a role that no snapshot lists was never published with it.
  if (record === undefined) throw new Refusal('mix-and-match', `the snapshot does not list ${roleName}`)
  await requireRecord(bytes, record, roleName) // TUF 5.6.2: mix-and-match
  const verified = await checking
  requireVersion(verified.file.signed, record, roleName) // TUF 5.6.4: mix-and-match
  return verified
}

/** Work that goes on while something else is awaited; what it throws is for whoever awaits it, or for nobody. */
function begun<T>(work: () => Promise<T>): Promise<T> {
  const promise = work()
  promise.catch(() => {})
  return promise
}

/** Endless data (TUF 5.3.3, 5.4.1, 5.5.1, 5.6.1). */
function limitSize(bytes: Uint8Array, limit: number, what: string): void {
  if (bytes.length > limit) throw new Refusal('too-large', `${what} has ${bytes.length} bytes, more than ${limit}`)
}

/** Mix-and-match: the very file that the role above names (TUF 5.5.2, 5.6.2). */
async function requireRecord(bytes: Uint8Array, record: FileRecord, what: string): Promise<void> {
  if (record.length !== undefined && record.length !== bytes.length) {
    // The specification uses the length as a bound for downloads; a hash-less record would let a padded file through.
    throw new Refusal('mix-and-match', `${what} has ${bytes.length} bytes where ${record.length} were signed for`)
  }
  for (const [algorithm, expected] of record.hashes ?? []) {
    const actual = await hashHex(algorithm, bytes)
    if (actual === null) throw new Refusal('bad-format', `${what} is listed with an unknown kind of hash`)
    if (actual !== expected) throw new Refusal('mix-and-match', `${what} is not the file that was signed for`)
  }
}

/** Mix-and-match by version, where no hash was signed (TUF 5.5.4, 5.6.4). */
function requireVersion(signed: Signed, record: FileRecord, what: string): void {
  if (signed.version !== record.version) {
    throw new Refusal('mix-and-match', `${what} has version ${signed.version} where ${record.version} was signed for`)
  }
}

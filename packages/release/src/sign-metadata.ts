/** Statements of the four roles and their signing: what author.ts puts together. */
import { toHex } from 'multiformats/bytes'
import type { Address } from './address.ts'
import { archiveNameField, isArchiveName } from './archive-root.ts'
import { canonicalBytes } from './canonical-json.ts'
import { sha256Hex } from './digest.ts'
import { ReleaseError } from './errors.ts'
import { ed25519KeyObject, isEd25519PublicKey, keyIdOf } from './keys.ts'
import { MAX_KEYS, ROLE_VALIDITY_MS } from './limits.ts'
import type { Root, Signed, SignedFile, TopRole } from './metadata.ts'
import { refusalFrom } from './refusal.ts'
import { formatDate, type JsonObject } from './shapes.ts'
import type { Signer } from './signer.ts'
import { requireThreshold } from './signatures.ts'

const SPEC_VERSION = '1.0.31'

export interface Maintainers {
  /** Shown to readers: 1 to 200 characters. */
  name: string
  /** Ed25519 public keys, 64 hex characters each, no key twice. */
  maintainers: string[]
  /** How many of them sign a release or new keys. */
  threshold: number
  /** A key that may sign snapshot and timestamp as any maintainer may, and nothing else. */
  heartbeat?: string | undefined
}

/** Which root it is. */
export interface RootPlace {
  version: number
  /** null for version 1, which makes it. */
  address: Address | null
}

/** The fields that all roles share (TUF 4.3). @param validityMs from `now` on, milliseconds */
export function header(type: TopRole, version: number, now: Date, validityMs: number): JsonObject {
  const expires = formatDate(new Date(now.getTime() + validityMs))
  return { _type: type, spec_version: SPEC_VERSION, version, expires }
}

/**
 * @returns a root in which k of n sign root and targets, and any one snapshot and timestamp
 * @throws ReleaseError 'bad-argument'
 */
export async function rootStatement(o: Maintainers, { version, address }: RootPlace, now: Date): Promise<JsonObject> {
  requireSensible(o)
  const keys: JsonObject = {}
  for (const publicKey of o.maintainers) {
    const key = ed25519KeyObject(publicKey)
    keys[await keyIdOf(key)] = key
  }
  const keyids = Object.keys(keys)
  const strong = { keyids: [...keyids], threshold: o.threshold }
  if (o.heartbeat !== undefined) {
    const key = ed25519KeyObject(o.heartbeat)
    const keyId = await keyIdOf(key)
    keys[keyId] = key
    keyids.push(keyId)
  }
  const anyOne = { keyids, threshold: 1 }
  return {
    ...header('root', version, now, ROLE_VALIDITY_MS),
    ...archiveNameField(o.name, address),
    consistent_snapshot: true,
    keys,
    roles: { root: strong, targets: strong, snapshot: anyOne, timestamp: anyOne },
  }
}

/** @returns what one role says of another's file: version, length and hash, so that nothing else fits */
export async function fileRecord(bytes: Uint8Array, version: number): Promise<JsonObject> {
  return { version, length: bytes.length, hashes: { sha256: await sha256Hex(bytes) } }
}

/** @returns the metadata file, itself in canonical form: equal statements and signers give equal bytes */
export async function signFile(signed: JsonObject, signers: readonly Signer[]): Promise<Uint8Array> {
  const bytes = canonicalBytes(signed)
  const distinct = [...new Map(signers.map((signer) => [signer.keyId, signer])).values()]
  const signatures = await Promise.all(
    distinct.map(async (signer): Promise<[string, string]> => [signer.keyId, toHex(await signer.sign(bytes))]),
  )
  return assembleFile(signed, new Map(signatures))
}

/** @param signatures hex, by key id @returns the metadata file, in the form that `signFile` gives it */
export function assembleFile(signed: JsonObject, signatures: ReadonlyMap<string, string>): Uint8Array {
  const sorted = [...signatures].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return canonicalBytes({ signatures: sorted.map(([keyid, sig]) => ({ keyid, sig })), signed })
}

/** @returns the signers whom the root names for this role; others would only add dead bytes */
export function namedFor(root: Root, role: TopRole, signers: readonly Signer[]): Signer[] {
  return signers.filter((signer) => root.roles.get(role)?.keyIds.includes(signer.keyId))
}

/** @returns as many of them as the role asks for */
export function enoughFor(root: Root, role: TopRole, signers: readonly Signer[]): Signer[] {
  return namedFor(root, role, signers).slice(0, root.roles.get(role)?.threshold)
}

/** @throws ReleaseError 'threshold-unmet' when the verifier would refuse a file that was just signed */
export async function requireOwnSignatures(file: SignedFile<Signed>, root: Root, role: TopRole): Promise<void> {
  try {
    await requireThreshold(file, root, role)
  } catch (error) {
    const cause = refusalFrom(error)
    throw new ReleaseError('threshold-unmet', cause.message, { cause })
  }
}

function requireSensible({ name, maintainers, threshold, heartbeat }: Maintainers): void {
  if (!isArchiveName(name)) {
    throw new ReleaseError('bad-argument', 'the name is empty, longer than 200 characters, or cannot be shown')
  }
  const bad = [...maintainers, ...(heartbeat === undefined ? [] : [heartbeat])].find((key) => !isEd25519PublicKey(key))
  if (bad !== undefined) throw new ReleaseError('bad-argument', `not a public key of 64 hex characters: ${bad}`)
  if (new Set(maintainers).size !== maintainers.length)
    throw new ReleaseError('bad-argument', 'a maintainer is named twice')
  if (heartbeat !== undefined && maintainers.includes(heartbeat))
    throw new ReleaseError('bad-argument', 'the heartbeat key is a maintainer, who can do all that it can')
  if (maintainers.length > MAX_KEYS) throw new ReleaseError('bad-argument', `more than ${MAX_KEYS} maintainers`)
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > maintainers.length) {
    throw new ReleaseError('bad-argument', `a threshold of ${threshold} for ${maintainers.length} maintainers`)
  }
}

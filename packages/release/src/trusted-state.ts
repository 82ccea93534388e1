/** What a mirror, a reader or a maintainer keeps of an archive, and what it says once verified. */
import type { CID } from 'multiformats/cid'
import type { Address } from './address.ts'
import { sha256Hex } from './digest.ts'
import { firstExpiry } from './freshness.ts'
import { archiveNameOf } from './archive-root.ts'
import type { Root, Signed, SignedFile, Snapshot, Targets, Timestamp } from './metadata.ts'
import { readReleaseTarget, type ReleaseTarget } from './release-target.ts'
import { verifySnapshot, verifyTargets, verifyTimestamp } from './verify.ts'

/** Exactly what lies on disk: verbatim bytes. Before the first release there are only roots. */
export interface TrustedState {
  address: Address
  /** All root versions from 1 on, in order. */
  roots: Uint8Array[]
  timestamp?: Uint8Array
  snapshot?: Uint8Array
  targets?: Uint8Array
}

/** A release whose signatures, versions and content description were verified. */
export interface ReleaseInfo {
  address: Address
  /** Version of the targets metadata: 1, 2, 3, … */
  version: number
  /** UnixFS root. */
  cid: CID
  message: string
  /** RFC 3339, by the publisher's clock. */
  published: string
  /** Bytes of all files. */
  size: number
  files: number
  /** Root of the block manifest. */
  manifest: CID
  /** SHA-256 of the preceding targets bytes, hex; null in a first release. */
  previous: string | null
  /** SHA-256 of these targets bytes, hex. */
  targetsHash: string
  /** Public keys whose signatures on the release counted. */
  signers: string[]
  /** The archive's name, from the newest root. */
  name: string
  /** RFC 3339: when the first of the roles expires, as a rule the timestamp. */
  expires: string
}

/** The three files of one announcement, verified against one root and against each other. */
export interface VerifiedRoles {
  timestamp: SignedFile<Timestamp>
  snapshot: SignedFile<Snapshot>
  targets: SignedFile<Targets>
  release: ReleaseTarget
  signers: string[]
}

/**
 * Timestamp, snapshot and targets in the order of the TUF workflow, then the release inside.
 *
 * @throws Refusal at the first file that does not hold
 */
export async function verifyRoles(
  address: Address,
  root: Root,
  files: { timestamp: Uint8Array; snapshot: Uint8Array; targets: Uint8Array },
): Promise<VerifiedRoles> {
  // All at once, for most of the time goes by in signatures; a refusal is that of the first file all the same.
  const [timestamp, snapshot, { file: targets, signers }] = await inOrder(root, files)
  return { timestamp, snapshot, targets, signers, release: readReleaseTarget(targets.signed, address) }
}

function inOrder(
  root: Root,
  files: { timestamp: Uint8Array; snapshot: Uint8Array; targets: Uint8Array },
): Promise<[SignedFile<Timestamp>, SignedFile<Snapshot>, { file: SignedFile<Targets>; signers: string[] }]> {
  const timestamp = verifyTimestamp(root, files.timestamp)
  const snapshot = verifySnapshot(root, statementOf(timestamp), files.snapshot)
  return Promise.all([timestamp, snapshot, verifyTargets(root, statementOf(snapshot), 'targets', files.targets)])
}

/** Refused when the file is; nobody need wait for it. */
function statementOf<T extends Signed>(file: Promise<SignedFile<T>>): Promise<T> {
  const statement = file.then(({ signed }) => signed)
  statement.catch(() => {})
  return statement
}

/** @returns the release in the words that people and programs are shown */
export async function describeRelease(address: Address, root: Root, roles: VerifiedRoles): Promise<ReleaseInfo> {
  const { timestamp, snapshot, targets } = roles
  const expires = firstExpiry([timestamp.signed, snapshot.signed, targets.signed, root])
  return describeTargets(address, root, targets, roles.release, roles.signers, expires)
}

/** The same for targets alone, such as those of a past release. */
export async function describeTargets(
  address: Address,
  root: Root,
  targets: SignedFile<Targets>,
  release: ReleaseTarget,
  signers: string[],
  expires: string,
): Promise<ReleaseInfo> {
  const { cid, message, published, size, files, manifest, previous } = release
  const targetsHash = await sha256Hex(targets.bytes)
  const name = archiveNameOf(root)
  const { version } = targets.signed
  return {
    address,
    version,
    cid,
    message,
    published,
    size,
    files,
    manifest,
    previous,
    targetsHash,
    signers,
    name,
    expires,
  }
}

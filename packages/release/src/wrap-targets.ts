/** Snapshot and timestamp around targets that are signed: what one maintainer may sign alone (trust.md, "Roles"). */
import { issuedField } from './clock-warning.ts'
import { ROLE_VALIDITY_MS, TIMESTAMP_VALIDITY_MS } from './limits.ts'
import { parseSnapshot, parseTargets, parseTimestamp, type Root } from './metadata.ts'
import { formatDate } from './shapes.ts'
import { enoughFor, fileRecord, header, requireOwnSignatures, signFile } from './sign-metadata.ts'
import type { Signer } from './signer.ts'

export interface Wrap {
  snapshot: Uint8Array
  timestamp: Uint8Array
}

export interface WrapVersions {
  snapshot: number
  timestamp: number
}

export interface Wrapping {
  root: Root
  signers: readonly Signer[]
  now: Date
}

/**
 * @param versions of the two new files
 * @param pinned whether the snapshot names the targets' very bytes. Without, it names their version alone and fits them
 *   under whatever signatures will be collected: only for proposals that nobody could complete otherwise
 * @throws ReleaseError 'threshold-unmet' when the signers may not speak for these roles
 */
export async function wrapTargets(
  targets: Uint8Array,
  versions: WrapVersions,
  { root, signers, now }: Wrapping,
  pinned = true,
): Promise<Wrap> {
  const { version } = parseTargets(targets).signed
  const meta = { 'targets.json': pinned ? await fileRecord(targets, version) : { version } }
  const signed = { ...header('snapshot', versions.snapshot, now, ROLE_VALIDITY_MS), meta }
  const snapshot = await signFile(signed, enoughFor(root, 'snapshot', signers))
  await requireOwnSignatures(parseSnapshot(snapshot), root, 'snapshot')
  return { snapshot, timestamp: await timestampOver(snapshot, versions.timestamp, { root, signers, now }) }
}

/** @throws ReleaseError 'threshold-unmet' */
export async function timestampOver(
  snapshot: Uint8Array,
  version: number,
  { root, signers, now }: Wrapping,
): Promise<Uint8Array> {
  const meta = { 'snapshot.json': await fileRecord(snapshot, parseSnapshot(snapshot).signed.version) }
  const signed = { ...header('timestamp', version, now, TIMESTAMP_VALIDITY_MS), ...issuedField(formatDate(now)), meta }
  const timestamp = await signFile(signed, enoughFor(root, 'timestamp', signers))
  await requireOwnSignatures(parseTimestamp(timestamp), root, 'timestamp')
  return timestamp
}

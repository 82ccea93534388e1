/** The maintainer's side: makes archives, releases and new roots that the verifier of this package accepts. */
import { addressOf } from './address.ts'
import { sha256Hex } from './digest.ts'
import { ReleaseError } from './errors.ts'
import { meetsThreshold } from './held-roles.ts'
import { MAX_ROOT_BYTES, ROLE_VALIDITY_MS, TIMESTAMP_VALIDITY_MS } from './limits.ts'
import { parseRoot, parseSnapshot, parseTargets, parseTimestamp, type Root } from './metadata.ts'
import { verifyState, type VerifiedState } from './open-state.ts'
import { refusalFrom } from './refusal.ts'
import { readReleaseTarget, writeReleaseTarget, type ReleaseContent } from './release-target.ts'
import { issuedField } from './clock-warning.ts'
import { formatDate } from './shapes.ts'
import {
  enoughFor,
  fileRecord,
  header,
  namedFor,
  requireOwnSignatures,
  rootStatement,
  signFile,
  type Maintainers,
} from './sign-metadata.ts'
import type { Signer } from './signer.ts'
import type { TrustedState, VerifiedRoles } from './trusted-state.ts'

interface Signing {
  signers: Signer[]
  /** The signer's clock: dates of expiry count from here. */
  now: Date
}

/**
 * A new archive, without a release: root version 1.
 *
 * @param o.signers at least `threshold` of the maintainers
 * @throws ReleaseError 'bad-argument', 'threshold-unmet' or 'too-large'
 */
export async function createArchive(o: Maintainers & Signing): Promise<TrustedState> {
  const root = await signFile(await rootStatement(o, 1, o.now), o.signers)
  await requireRootSignatures(root, parseRoot(root).signed)
  return { address: await addressOf(root), roots: [root] }
}

/**
 * The next root: other maintainers, another threshold or name. What is held is signed anew where the new keys ask for
 * it, so the archive stays readable; the release keeps its version and its content.
 *
 * @param o.signers enough maintainers for the old threshold and for the new one
 * @throws ReleaseError 'bad-argument', 'bad-state', 'threshold-unmet' or 'too-large'
 */
export async function authorRoot(o: Maintainers & Signing & { state: TrustedState }): Promise<TrustedState> {
  const { root: before, roles } = await verifyOwnState(o.state)
  const root = await signFile(await rootStatement(o, before.signed.version + 1, o.now), o.signers)
  const next = parseRoot(root).signed
  await requireRootSignatures(root, before.signed)
  await requireRootSignatures(root, next)
  const state = { ...o.state, roots: [...o.state.roots, root] }
  if (roles === null) return state
  if (await meetsThreshold(roles.targets, next, 'targets'))
    return wrapTargets(state, roles.targets.bytes, next, roles, o)
  const targets = await signFile(roles.targets.signed.raw, namedFor(next, 'targets', o.signers))
  await requireOwnSignatures(parseTargets(targets), next, 'targets')
  return wrapTargets(state, targets, next, roles, o)
}

/**
 * Release n + 1 on top of the one in `state`, which the caller has made sure is the newest there is.
 *
 * @param o.signers enough maintainers for the threshold; strangers among them are passed over
 * @param o.published shown to readers; `now` when left out
 * @throws ReleaseError 'bad-argument' for content or a message that no release can hold, 'bad-state', 'threshold-unmet'
 */
export async function authorRelease(
  o: Signing & { state: TrustedState; content: ReleaseContent; message: string; published?: Date },
): Promise<TrustedState> {
  const { root, roles } = await verifyOwnState(o.state)
  const previous = roles && (await sha256Hex(roles.targets.bytes))
  const published = formatDate(o.published ?? o.now)
  const signed = {
    ...header('targets', (roles?.targets.signed.version ?? 0) + 1, o.now, ROLE_VALIDITY_MS),
    targets: writeReleaseTarget({ ...o.content, message: o.message, published, previous }),
  }
  const targets = await signReadable(signed, namedFor(root.signed, 'targets', o.signers))
  await requireOwnSignatures(parseTargets(targets), root.signed, 'targets')
  return wrapTargets(o.state, targets, root.signed, roles, o)
}

/**
 * A new timestamp over the same release, to show that nothing newer exists.
 *
 * @param o.signers one maintainer is enough
 * @throws ReleaseError 'no-release', 'bad-state' or 'threshold-unmet'
 */
export async function renewTimestamp(o: Signing & { state: TrustedState }): Promise<TrustedState> {
  const { root, roles } = await verifyOwnState(o.state)
  if (roles === null) throw new ReleaseError('no-release', 'the archive has no release to renew')
  return { ...o.state, timestamp: await timestampOver(roles.snapshot.bytes, root.signed, roles, o) }
}

/** Snapshot and timestamp, each one version on, around targets that are signed already. */
async function wrapTargets(
  state: TrustedState,
  targets: Uint8Array,
  root: Root,
  before: VerifiedRoles | null,
  { signers, now }: Signing,
): Promise<TrustedState> {
  const version = (before?.snapshot.signed.version ?? 0) + 1
  const meta = { 'targets.json': await fileRecord(targets, parseTargets(targets).signed.version) }
  const signed = { ...header('snapshot', version, now, ROLE_VALIDITY_MS), meta }
  const snapshot = await signFile(signed, enoughFor(root, 'snapshot', signers))
  await requireOwnSignatures(parseSnapshot(snapshot), root, 'snapshot')
  return { ...state, targets, snapshot, timestamp: await timestampOver(snapshot, root, before, { signers, now }) }
}

async function timestampOver(
  snapshot: Uint8Array,
  root: Root,
  before: VerifiedRoles | null,
  { signers, now }: Signing,
): Promise<Uint8Array> {
  const version = (before?.timestamp.signed.version ?? 0) + 1
  const meta = { 'snapshot.json': await fileRecord(snapshot, parseSnapshot(snapshot).signed.version) }
  const signed = { ...header('timestamp', version, now, TIMESTAMP_VALIDITY_MS), ...issuedField(formatDate(now)), meta }
  const timestamp = await signFile(signed, enoughFor(root, 'timestamp', signers))
  await requireOwnSignatures(parseTimestamp(timestamp), root, 'timestamp')
  return timestamp
}

async function verifyOwnState(state: TrustedState): Promise<VerifiedState> {
  try {
    return await verifyState(state)
  } catch (error) {
    const cause = refusalFrom(error)
    throw new ReleaseError('bad-state', `the archive held here does not verify: ${cause.message}`, { cause })
  }
}

/** Signs a release only in a form that readers will accept. */
async function signReadable(signed: Parameters<typeof signFile>[0], signers: Signer[]): Promise<Uint8Array> {
  try {
    const targets = await signFile(signed, signers)
    readReleaseTarget(parseTargets(targets).signed)
    return targets
  } catch (error) {
    const cause = refusalFrom(error)
    throw new ReleaseError('bad-argument', `such a release would be refused: ${cause.message}`, { cause })
  }
}

async function requireRootSignatures(bytes: Uint8Array, root: Root): Promise<void> {
  if (bytes.length > MAX_ROOT_BYTES) throw new ReleaseError('too-large', `a root of ${bytes.length} bytes`)
  await requireOwnSignatures(parseRoot(bytes), root, 'root')
}

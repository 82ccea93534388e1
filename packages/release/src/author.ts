/** The maintainer's side: makes archives, releases and new roots that the verifier of this package accepts. */
import { addressOf, type Address } from './address.ts'
import { archiveField } from './archive-root.ts'
import { sha256Hex } from './digest.ts'
import { ReleaseError } from './errors.ts'
import { meetsThreshold } from './held-roles.ts'
import { MAX_ROOT_BYTES, ROLE_VALIDITY_MS } from './limits.ts'
import { parseRoot, parseTargets, type Root } from './metadata.ts'
import { verifyState, type VerifiedState } from './open-state.ts'
import { refusalFrom } from './refusal.ts'
import { readReleaseTarget, writeReleaseTarget, type ReleaseContent } from './release-target.ts'
import { formatDate, type JsonObject } from './shapes.ts'
import { header, namedFor, requireOwnSignatures, rootStatement, signFile, type Maintainers } from './sign-metadata.ts'
import type { Signer } from './signer.ts'
import type { TrustedState, VerifiedRoles } from './trusted-state.ts'
import { timestampOver, wrapTargets } from './wrap-targets.ts'

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
  const root = await signFile(await rootStatement(o, { version: 1, address: null }, o.now), o.signers)
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
  const place = { version: before.signed.version + 1, address: o.state.address }
  const root = await signFile(await rootStatement(o, place, o.now), o.signers)
  const next = parseRoot(root).signed
  await requireRootSignatures(root, before.signed)
  await requireRootSignatures(root, next)
  const state = { ...o.state, roots: [...o.state.roots, root] }
  if (roles === null) return state
  if (await meetsThreshold(roles.targets, next, 'targets')) return wrapNext(state, roles.targets.bytes, next, roles, o)
  const targets = await signFile(roles.targets.signed.raw, namedFor(next, 'targets', o.signers))
  await requireOwnSignatures(parseTargets(targets), next, 'targets')
  return wrapNext(state, targets, next, roles, o)
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
  const signed = await releaseStatement(roles, o)
  const targets = await signReadable(signed, namedFor(root.signed, 'targets', o.signers), o.state.address)
  await requireOwnSignatures(parseTargets(targets), root.signed, 'targets')
  return wrapNext(o.state, targets, root.signed, roles, o)
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
  const version = roles.timestamp.signed.version + 1
  const { signers, now } = o
  return {
    ...o.state,
    timestamp: await timestampOver(roles.snapshot.bytes, version, { root: root.signed, signers, now }),
  }
}

/** Snapshot and timestamp, each one version on, around targets that are signed already. */
async function wrapNext(
  state: TrustedState,
  targets: Uint8Array,
  root: Root,
  before: VerifiedRoles | null,
  { signers, now }: Signing,
): Promise<TrustedState> {
  const versions = {
    snapshot: (before?.snapshot.signed.version ?? 0) + 1,
    timestamp: (before?.timestamp.signed.version ?? 0) + 1,
  }
  return { ...state, targets, ...(await wrapTargets(targets, versions, { root, signers, now })) }
}

/** What is signed as the release that follows the one held. */
export async function releaseStatement(
  roles: VerifiedRoles | null,
  o: { state: TrustedState; content: ReleaseContent; message: string; published?: Date; now: Date },
): Promise<JsonObject> {
  const previous = roles && (await sha256Hex(roles.targets.bytes))
  const published = formatDate(o.published ?? o.now)
  return {
    ...header('targets', (roles?.targets.signed.version ?? 0) + 1, o.now, ROLE_VALIDITY_MS),
    ...archiveField(o.state.address),
    targets: writeReleaseTarget({ ...o.content, message: o.message, published, previous }),
  }
}

/** @throws ReleaseError 'bad-state' when what the caller holds does not verify */
export async function verifyOwnState(state: TrustedState): Promise<VerifiedState> {
  try {
    return await verifyState(state)
  } catch (error) {
    const cause = refusalFrom(error)
    throw new ReleaseError('bad-state', `the archive held here does not verify: ${cause.message}`, { cause })
  }
}

/** Signs a release only in a form that readers will accept. @throws ReleaseError 'bad-argument' */
export async function signReadable(
  signed: JsonObject,
  signers: readonly Signer[],
  address: Address,
): Promise<Uint8Array> {
  try {
    const targets = await signFile(signed, signers)
    readReleaseTarget(parseTargets(targets).signed, address)
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

/** Begins proposals, and adds one maintainer's signature to them. What may be signed is the program's matter; see judge-proposal.ts. */
import { equals, toHex } from 'multiformats/bytes'
import { releaseStatement, signReadable, verifyOwnState } from './author.ts'
import { ReleaseError } from './errors.ts'
import { MAX_ROOT_BYTES } from './limits.ts'
import { judgeProposal, stillLacking } from './judge-proposal.ts'
import { parseRoot, parseTargets, type Delegator, type Signed, type SignedFile } from './metadata.ts'
import {
  delegatorsOfRoot,
  openProposal,
  validSignatures,
  wrapVersions,
  type KnownState,
  type OpenProposal,
} from './open-proposal.ts'
import type { Proposal } from './proposal.ts'
import { refusalFrom } from './refusal.ts'
import { readReleaseTarget, type ReleaseContent } from './release-target.ts'
import { assembleFile, namedFor, rootStatement, signFile, type Maintainers } from './sign-metadata.ts'
import type { Signer } from './signer.ts'
import type { TrustedState } from './trusted-state.ts'
import { wrapTargets, type Wrap } from './wrap-targets.ts'

interface Signing {
  signer: Signer
  /** The signer's clock. */
  now: Date
}

/**
 * A new archive with a threshold above one: its first root, for the others to sign. The address is known once enough have.
 *
 * @throws ReleaseError 'bad-argument', 'threshold-unmet' when the signer is not among the maintainers
 */
export async function proposeArchive(o: Maintainers & Signing): Promise<Proposal> {
  const root = await signFile(await rootStatement(o, { version: 1, address: null }, o.now), [])
  return await signProposal({ ...o, state: null, proposal: emptyProposal({ root }) })
}

/**
 * The next release, signed by one maintainer.
 *
 * @param o.published shown to readers; `now` when left out
 * @throws ReleaseError 'bad-argument' for content or a message that no release can hold, 'bad-state', 'threshold-unmet'
 */
export async function proposeRelease(
  o: Signing & { state: TrustedState; content: ReleaseContent; message: string; published?: Date },
): Promise<Proposal> {
  const { state } = o
  const { root, roles } = await verifyOwnState(state)
  const signed = await releaseStatement(roles, o)
  const targets = await signReadable(signed, namedFor(root.signed, 'targets', [o.signer]), state.address)
  const { previous } = readReleaseTarget(parseTargets(targets).signed, state.address)
  const base = { address: state.address, roots: state.roots, parent: previous, targets }
  return await signProposal({ ...o, proposal: emptyProposal(base) })
}

/**
 * New keys, another threshold or name. The newest release goes with it, to be signed by the new keys where those that
 * signed it are too few under them; its content and its version stay.
 *
 * @param o.heartbeat left out for none
 * @throws ReleaseError 'bad-argument', 'bad-state', 'threshold-unmet'
 */
export async function proposeRoot(o: Maintainers & Signing & { state: TrustedState }): Promise<Proposal> {
  const { state } = o
  const { root: before, roles } = await verifyOwnState(state)
  const place = { version: before.signed.version + 1, address: state.address }
  const root = await signFile(await rootStatement(o, place, o.now), [])
  const next = parseRoot(root).signed
  let targets: Uint8Array | null = null
  if (roles !== null) {
    const kept = await validSignatures(roles.targets, [next], 'targets')
    targets = assembleFile(roles.targets.signed.raw, textsOf(kept))
  }
  return await signProposal({
    ...o,
    proposal: emptyProposal({ address: state.address, roots: state.roots, root, targets }),
  })
}

/**
 * Adds the signature of one maintainer, and what snapshot and timestamp need. Signatures that are wrong fall out.
 *
 * @param o.state what is held, as new as can be had: a version that it reaches already is never signed
 * @returns the proposal with one more signature; with the same ones when the signer had signed before
 * @throws ReleaseError 'bad-argument' when the proposal cannot be signed, and why; 'threshold-unmet' when the key counts for
 *   nothing in it
 */
export async function signProposal(o: Signing & { state: KnownState; proposal: Proposal }): Promise<Proposal> {
  const { state, proposal, signer, now } = o
  const open = await opened(state, proposal)
  const versions = await requireUnsigned(state, open)
  if (open.kind === 'archive' && open.address !== null) {
    throw new ReleaseError(
      'bad-argument',
      'enough have signed: the address is settled, and one more signature would make another',
    )
  }
  const root = open.root && (await cosigned(open.root, delegatorsOfRoot(open), 'root', signer))
  const targets = open.targets && (await cosigned(open.targets, [open.governing], 'targets', signer))
  const counts = isNamed(delegatorsOfRoot(open), 'root', signer) || isNamed([open.governing], 'targets', signer)
  if (!counts) throw new ReleaseError('threshold-unmet', `the key ${signer.publicKey} is not one that may sign this`)
  if (root !== null && root.length > MAX_ROOT_BYTES)
    throw new ReleaseError('too-large', `a root of ${root.length} bytes`)
  const next = { ...proposal, roots: [...(open.chain?.files ?? [])], root, targets }
  const wrap = targets && (await wrapAnew(state, next, targets, versions, { signer, now }))
  const signed = { ...next, ...(wrap ?? { snapshot: proposal.snapshot, timestamp: proposal.timestamp }) }
  return { ...signed, summary: await summaryOf(state, signed) }
}

/** A wrap that fits what is signed now; null when the signer may not make one. */
async function wrapAnew(
  state: KnownState,
  proposal: Proposal,
  targets: Uint8Array,
  held: { snapshot: number; timestamp: number },
  { signer, now }: Signing,
): Promise<Wrap | null> {
  const open = await opened(state, proposal)
  const { governing } = open
  if (!isNamed([governing], 'snapshot', signer) || !isNamed([governing], 'timestamp', signer)) return null
  const inside = await wrapVersions(open, proposal)
  const versions = {
    snapshot: Math.max(held.snapshot, inside.snapshot) + 1,
    timestamp: Math.max(held.timestamp, inside.timestamp) + 1,
  }
  // Whoever completes it names the very bytes; before that nobody knows whose signatures they will carry.
  const pinned = (await stillLacking(open)) === 0
  return await wrapTargets(targets, versions, { root: governing, signers: [signer], now }, pinned)
}

/** No version is signed twice: not one that the state has reached. @returns versions of what is held around the release */
async function requireUnsigned(
  state: KnownState,
  open: OpenProposal,
): Promise<{ snapshot: number; timestamp: number }> {
  if (state === null || state.roots.length === 0) return { snapshot: 0, timestamp: 0 }
  const { roles } = await verifyOwnState(state)
  if (roles === null) return { snapshot: 0, timestamp: 0 }
  const held = roles.targets.signed.version
  const proposed = open.targets?.signed.version ?? 0
  if (open.kind === 'release' && proposed <= held)
    throw new ReleaseError('bad-argument', `release ${proposed} is proposed, and release ${held} exists already`)
  if (open.kind === 'root' && !sameBytes(open.targets?.signedBytes, roles.targets.signedBytes)) {
    throw new ReleaseError(
      'bad-argument',
      `the new keys take over release ${proposed} and not the release ${held} that is the newest here`,
    )
  }
  return { snapshot: roles.snapshot.signed.version, timestamp: roles.timestamp.signed.version }
}

/** The file with the right signatures that it has, and the signer's where it counts. */
async function cosigned(
  file: SignedFile<Signed>,
  delegators: readonly Delegator[],
  role: string,
  signer: Signer,
): Promise<Uint8Array> {
  const signatures = textsOf(await validSignatures(file, delegators, role))
  if (isNamed(delegators, role, signer)) signatures.set(signer.keyId, toHex(await signer.sign(file.signedBytes)))
  return assembleFile(file.signed.raw, signatures)
}

function isNamed(delegators: readonly Delegator[], role: string, signer: Signer): boolean {
  return delegators.some((delegator) => delegator.roles.get(role)?.keyIds.includes(signer.keyId) === true)
}

function textsOf(valid: ReadonlyMap<string, { signature: string }>): Map<string, string> {
  return new Map([...valid].map(([keyId, { signature }]) => [keyId, signature]))
}

function emptyProposal(parts: Partial<Proposal>): Proposal {
  const nothing = { address: null, parent: null, root: null, targets: null, snapshot: null, timestamp: null }
  return { ...nothing, summary: '', roots: [], ...parts }
}

async function opened(state: KnownState, proposal: Proposal): Promise<OpenProposal> {
  try {
    return await openProposal(state, proposal)
  } catch (error) {
    const cause = refusalFrom(error)
    throw new ReleaseError('bad-argument', `this proposal cannot be signed: ${cause.message}`, { cause })
  }
}

/** One line for people who look at a file and wonder what it is. */
async function summaryOf(state: KnownState, proposal: Proposal): Promise<string> {
  const judged = await judgeProposal(state, proposal)
  if (!judged.ok) throw new ReleaseError('bad-argument', `this proposal cannot be signed: ${judged.reason}`)
  const { kind, version, after, signers, lacking } = judged
  const what = { archive: 'A new archive', root: `New keys ${version}`, release: `Release ${version}` }[kind]
  const signed = `${signers.length} signed, ${lacking === 0 ? 'complete' : `${lacking} more needed`}`
  return `${what} of "${after.name}": ${signed}`
}

function sameBytes(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && equals(one, other)
}

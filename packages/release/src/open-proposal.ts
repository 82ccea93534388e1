/** A proposal laid out for judging and signing: what it stands on, what it would change, and who signed so far. */
import { equals } from 'multiformats/bytes'
import { addressOf, type Address } from './address.ts'
import { archiveNameOf, requireArchive } from './archive-root.ts'
import { meetsThreshold } from './held-roles.ts'
import { identifySigner } from './keys.ts'
import { MAX_ROOT_BYTES, MAX_SIGNED_FILE_BYTES } from './limits.ts'
import {
  parseRoot,
  parseTargets,
  type Delegator,
  type Root,
  type Signed,
  type SignedFile,
  type Targets,
} from './metadata.ts'
import type { Proposal } from './proposal.ts'
import { Refusal, refusalFrom } from './refusal.ts'
import { readReleaseTarget, type ReleaseTarget } from './release-target.ts'
import { extendRootChain, type RootChain } from './root-chain.ts'
import type { TrustedState } from './trusted-state.ts'
import { verifySnapshot, verifyTargets, verifyTimestamp } from './verify.ts'

/** What a program knows of an archive: nothing, its address, or a state. */
export type KnownState = TrustedState | { address: Address; roots: [] } | null

export interface OpenProposal {
  kind: 'archive' | 'root' | 'release'
  /** null while a first root lacks signatures. */
  address: Address | null
  /** The roots before the proposal; null before a first one. */
  chain: RootChain | null
  /** The proposed root; null with a release. */
  root: SignedFile<Root> | null
  /** The proposed release, or the one that new keys take over; null before the first. */
  targets: SignedFile<Targets> | null
  release: ReleaseTarget | null
  /** Whose keys count once the proposal is complete. */
  governing: Root
}

/**
 * @param state what is held; a proposal that does not reach back to the first root needs it
 * @throws Refusal when it is not what an honest program writes
 */
export async function openProposal(state: KnownState, proposal: Proposal): Promise<OpenProposal> {
  const { address, root: rootBytes, targets: targetsBytes, parent } = proposal
  const root = rootBytes === null ? null : parseBounded(rootBytes, MAX_ROOT_BYTES, 'root', parseRoot)
  const targets =
    targetsBytes === null ? null : parseBounded(targetsBytes, MAX_SIGNED_FILE_BYTES, 'targets', parseTargets)
  if (root !== null) archiveNameOf(root.signed)
  if (address === null) return await openFirstRoot(proposal, root)
  if (state !== null && state.address !== address)
    throw new Refusal('wrong-archive', 'the proposal is about another archive')
  const chain = await chainOf(state, address, proposal)
  if (root !== null && root.signed.version !== chain.newest.signed.version + 1) {
    throw new Refusal(
      'rollback-root',
      `the proposal is for root ${root.signed.version}, and root ${chain.newest.signed.version} is in force`,
    )
  }
  if (root === null && targets === null) throw new Refusal('bad-format', 'the proposal changes nothing')
  if (root !== null) requireArchive(root.signed, address, 'root')
  const release = targets && readReleaseTarget(targets.signed, address)
  if (root === null && parent !== (release?.previous ?? null))
    throw new Refusal('bad-format', 'the proposal and the release in it name different parents')
  return {
    kind: root === null ? 'release' : 'root',
    address,
    chain,
    root,
    targets,
    release,
    governing: root === null ? chain.newest.signed : root.signed,
  }
}

async function openFirstRoot(proposal: Proposal, root: SignedFile<Root> | null): Promise<OpenProposal> {
  const { roots, targets, snapshot, timestamp } = proposal
  if (root === null || root.signed.version !== 1) throw new Refusal('bad-format', 'there is no first root in it')
  if (roots.length > 0 || targets !== null || snapshot !== null || timestamp !== null)
    throw new Refusal('bad-format', 'more than a first root is in it')
  const complete = await meetsThreshold(root, root.signed, 'root')
  return {
    kind: 'archive',
    address: complete ? await addressOf(root.bytes) : null,
    chain: null,
    root,
    targets: null,
    release: null,
    governing: root.signed,
  }
}

/** The roots held here and those that the proposal brings, up to the one before what is proposed. */
async function chainOf(state: KnownState, address: Address, proposal: Proposal): Promise<RootChain> {
  const held = state !== null && state.roots.length > 0 ? await extendRootChain(address, null, state.roots) : null
  return await extendRootChain(address, held, proposal.roots)
}

/** A signature that is right. */
export interface ValidSignature {
  signature: string
  /** As the root spells it. */
  publicKey: string
  /** Equal for equal keys, however they are spelt. */
  identity: string
}

/** Signatures that are right, by key id: of keys that any of the delegators names for the role. */
export async function validSignatures(
  file: SignedFile<Signed>,
  delegators: readonly Delegator[],
  role: string,
): Promise<Map<string, ValidSignature>> {
  const valid = new Map<string, ValidSignature>()
  for (const { keyId, signature } of file.signatures) {
    const key = delegators
      .filter((delegator) => delegator.roles.get(role)?.keyIds.includes(keyId) === true)
      .map((delegator) => delegator.keys.get(keyId))
      .find((one) => one !== undefined)
    if (key === undefined) continue
    const identity = await identifySigner(key, signature, file.signedBytes)
    if (identity !== null) valid.set(keyId, { signature, publicKey: key.text, identity })
  }
  return valid
}

/** Those who must sign a root: the keys before, and its own (TUF 6.1). */
export function delegatorsOfRoot({ chain, root }: OpenProposal): Delegator[] {
  if (root === null) return []
  return chain === null ? [root.signed] : [chain.newest.signed, root.signed]
}

/** How many signatures a role still lacks. */
export function lacking(
  valid: ReadonlyMap<string, { identity: string }>,
  delegator: Delegator,
  roleName: string,
): number {
  const role = delegator.roles.get(roleName)
  if (role === undefined) return 1
  // The same public key under two key ids counts once.
  const signed = new Set(role.keyIds.flatMap((keyId) => valid.get(keyId)?.identity ?? []))
  return Math.max(0, role.threshold - signed.size)
}

/** Versions of snapshot and timestamp in the proposal, where the governing keys signed them; 0 where not. */
export async function wrapVersions(
  { governing }: OpenProposal,
  { snapshot, timestamp }: Proposal,
): Promise<{ snapshot: number; timestamp: number }> {
  if (snapshot === null || timestamp === null) return { snapshot: 0, timestamp: 0 }
  try {
    const outer = await verifyTimestamp(governing, timestamp)
    const inner = await verifySnapshot(governing, outer.signed, snapshot)
    return { snapshot: inner.signed.version, timestamp: outer.signed.version }
  } catch (error) {
    refusalFrom(error)
    return { snapshot: 0, timestamp: 0 }
  }
}

/** Whether snapshot and timestamp fit these targets, signed by enough. */
export async function wrapFits(
  governing: Root,
  targets: Uint8Array,
  { snapshot, timestamp }: Pick<Proposal, 'snapshot' | 'timestamp'>,
): Promise<boolean> {
  if (snapshot === null || timestamp === null) return false
  try {
    const outer = await verifyTimestamp(governing, timestamp)
    const inner = await verifySnapshot(governing, outer.signed, snapshot)
    await verifyTargets(governing, inner.signed, 'targets', targets)
    return true
  } catch (error) {
    refusalFrom(error)
    return false
  }
}

/** Whether two proposals ask for the same, whoever signed them. */
export function sameStatement(one: OpenProposal, other: OpenProposal): boolean {
  return one.kind === other.kind && sameSigned(one.root, other.root) && sameSigned(one.targets, other.targets)
}

function sameSigned(one: SignedFile<Signed> | null, other: SignedFile<Signed> | null): boolean {
  if (one === null || other === null) return one === other
  return equals(one.signedBytes, other.signedBytes)
}

function parseBounded<T>(bytes: Uint8Array, limit: number, what: string, parse: (bytes: Uint8Array) => T): T {
  if (bytes.length > limit) throw new Refusal('too-large', `${what} has ${bytes.length} bytes, more than ${limit}`)
  return parse(bytes)
}

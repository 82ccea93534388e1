/**
 * Two fully signed statements under one version, kept together so that anybody can check that they exist (trust.md): dag-cbor
 * `{ v: 1, kind: 'fork', address, roots, first, second }`.
 */
import * as dagCbor from '@ipld/dag-cbor'
import { equals } from 'multiformats/bytes'
import { parseAddress, type Address } from './address.ts'
import { parseAnnouncement, type Announcement } from './announcement.ts'
import { ReleaseError } from './errors.ts'
import { MAX_ANNOUNCED_ROOT_BYTES, MAX_FORK_PROOF_BYTES, MAX_SIGNED_FILE_BYTES } from './limits.ts'
import { parseRoot, parseTargets, type SignedFile, type Targets } from './metadata.ts'
import { Refusal, refusalFrom, type VerdictCode } from './refusal.ts'
import { readReleaseTarget } from './release-target.ts'
import { extendRootChain } from './root-chain.ts'
import { requireThreshold } from './signatures.ts'
import { describeTargets, type ReleaseInfo, type TrustedState } from './trusted-state.ts'

/** Verbatim bytes of each file. */
export interface ForkProof {
  address: Address
  /** From the first on. */
  roots: Uint8Array[]
  /** Targets of the release that the finder held. */
  first: Uint8Array
  /** Targets of the other release of the same version. */
  second: Uint8Array
}

export type ForkVerdict =
  | { ok: true; address: Address; version: number; first: ReleaseInfo; second: ReleaseInfo }
  | { ok: false; code: VerdictCode; reason: string }

type ParsedForkProof = { ok: true; proof: ForkProof } | { ok: false; code: VerdictCode; reason: string }

const FORMAT_VERSION = 1
const KIND = 'fork'
const FIELD_COUNT = 6

/**
 * Called where an announcement was refused as a fork of what is held.
 *
 * @param state what is held, verified before
 * @returns null when the announcement shows no fork of the release held
 */
export async function forkProofFrom(
  state: TrustedState,
  announcement: Announcement | Uint8Array,
): Promise<ForkProof | null> {
  const parsed =
    announcement instanceof Uint8Array ? parseAnnouncement(announcement) : ({ ok: true, announcement } as const)
  if (!parsed.ok || state.targets === undefined) return null
  const { address, targets: first } = state
  const roots = await withRoots(state, parsed.announcement)
  const proof = { address, roots, first, second: parsed.announcement.targets }
  return (await verifyForkProof(proof)).ok ? proof : null
}

/** @returns equal bytes for equal proofs @throws ReleaseError 'too-large' */
export function encodeForkProof({ address, roots, first, second }: ForkProof): Uint8Array {
  const bytes = dagCbor.encode({ v: FORMAT_VERSION, kind: KIND, address, roots, first, second })
  if (bytes.length > MAX_FORK_PROOF_BYTES)
    throw new ReleaseError('too-large', `the proof has ${bytes.length} bytes, more than ${MAX_FORK_PROOF_BYTES}`)
  return bytes
}

/** @param bytes from anybody @returns the parts, unverified, such that encoding them gives the same bytes; or why not */
export function parseForkProof(bytes: Uint8Array): ParsedForkProof {
  if (bytes.length > MAX_FORK_PROOF_BYTES)
    return refused('too-large', `${bytes.length} bytes, more than ${MAX_FORK_PROOF_BYTES}`)
  const proof = decode(bytes)
  if (proof === null) return refused('bad-format', 'not a proof of a fork')
  if (proof.roots.reduce((sum, root) => sum + root.length, 0) > MAX_ANNOUNCED_ROOT_BYTES)
    return refused('too-large', `more than ${MAX_ANNOUNCED_ROOT_BYTES} bytes of roots`)
  if (!equals(encodeForkProof(proof), bytes)) return refused('bad-format', 'not in the canonical encoding')
  return { ok: true, proof }
}

/** @returns both releases when the proof holds: each signed by enough maintainers, one version, different in what is signed */
export async function verifyForkProof(proof: ForkProof): Promise<ForkVerdict> {
  const { address } = proof
  try {
    const chain = await extendRootChain(address, null, proof.roots)
    const first = await describeBranch(address, chain.files, proof.first)
    const second = await describeBranch(address, chain.files, proof.second)
    if (first.file.signed.version !== second.file.signed.version)
      throw new Refusal('bad-format', 'the two releases have different versions')
    // The same release with one more signature is no fork.
    if (equals(first.file.signedBytes, second.file.signedBytes))
      throw new Refusal('bad-format', 'both are the same release')
    return { ok: true, address, version: first.file.signed.version, first: first.release, second: second.release }
  } catch (error) {
    const { code, message } = refusalFrom(error)
    return { ok: false, code, reason: message }
  }
}

/** Keys may change between the two branches: each counts when any root of the chain vouches for it. */
async function describeBranch(
  address: Address,
  roots: readonly Uint8Array[],
  bytes: Uint8Array,
): Promise<{ file: SignedFile<Targets>; release: ReleaseInfo }> {
  // Endless data.
  if (bytes.length > MAX_SIGNED_FILE_BYTES) throw new Refusal('too-large', `targets of ${bytes.length} bytes`)
  const file = parseTargets(bytes)
  let refusal: Refusal | undefined
  for (const rootBytes of roots.toReversed()) {
    const root = parseRoot(rootBytes).signed
    try {
      const signers = await requireThreshold(file, root, 'targets')
      const target = readReleaseTarget(file.signed, address)
      return { file, release: await describeTargets(address, root, file, target, signers, file.signed.expires) }
    } catch (error) {
      refusal ??= refusalFrom(error)
    }
  }
  throw refusal ?? new Refusal('roots-missing', 'there is no root to judge it by', 1)
}

async function withRoots(state: TrustedState, { roots }: Announcement): Promise<Uint8Array[]> {
  try {
    const held = await extendRootChain(state.address, null, state.roots)
    return [...(await extendRootChain(state.address, held, roots)).files]
  } catch (error) {
    refusalFrom(error)
    return state.roots
  }
}

function decode(bytes: Uint8Array): ForkProof | null {
  let value: unknown
  try {
    value = dagCbor.decode(bytes)
  } catch {
    // Whatever the decoder dislikes is no proof.
    return null
  }
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== FIELD_COUNT) return null
  const { v, kind, address, roots, first, second } = value as { [field: string]: unknown }
  if (v !== FORMAT_VERSION || kind !== KIND || typeof address !== 'string' || parseAddress(address) === null)
    return null
  if (!Array.isArray(roots) || !roots.every((one) => one instanceof Uint8Array)) return null
  return first instanceof Uint8Array && second instanceof Uint8Array ? { address, roots, first, second } : null
}

function refused(code: VerdictCode, reason: string): { ok: false; code: VerdictCode; reason: string } {
  return { ok: false, code, reason }
}

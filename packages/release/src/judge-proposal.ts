/** What a proposal would do, in facts that a program can show and a person can judge; and what it yields once signed. */
import { toHex } from 'multiformats/bytes'
import type { CID } from 'multiformats/cid'
import type { Address } from './address.ts'
import { archiveNameOf, heartbeatsOf, maintainersOf } from './archive-root.ts'
import { sha256 } from './digest.ts'
import type { Root } from './metadata.ts'
import {
  delegatorsOfRoot,
  lacking,
  openProposal,
  validSignatures,
  wrapFits,
  type KnownState,
  type OpenProposal,
} from './open-proposal.ts'
import type { Proposal } from './proposal.ts'
import { Refusal, refusalFrom, type VerdictCode } from './refusal.ts'
import type { TrustedState } from './trusted-state.ts'

/** Who may sign what. */
export interface Governance {
  name: string
  maintainers: string[]
  threshold: number
  /** May sign timestamps alone; null when there is no such key. */
  heartbeat: string | null
}

export interface JudgedProposal {
  ok: true
  kind: 'archive' | 'root' | 'release'
  /** null while a first root lacks signatures. */
  address: Address | null
  /** Of the release, or of the root. */
  version: number
  /** SHA-256 of what is signed, hex: the same in every copy. */
  statement: string
  /** Public keys of those whose signatures are right. */
  signers: string[]
  /** How many more must sign. */
  lacking: number
  /** Everything is signed that must be, and an announcement can be made of it. */
  complete: boolean
  /** What the release says; null with new keys. */
  release: ProposedRelease | null
  /** null before a first root. */
  before: Governance | null
  after: Governance
}

export interface ProposedRelease {
  cid: CID
  rootBlockSize: number
  size: number
  files: number
  manifest: CID
  message: string
  /** RFC 3339. */
  published: string
  /** RFC 3339: when the release's own signature runs out. */
  expires: string
  /** SHA-256 of the targets that it follows, hex; null in a first release. */
  previous: string | null
}

type ProposalVerdict = JudgedProposal | { ok: false; code: VerdictCode; reason: string }

/**
 * @param state what is held of the archive; null for an archive that is not known here
 * @returns what it is, whoever sent it; or why it is none that can be signed
 */
export async function judgeProposal(state: KnownState, proposal: Proposal): Promise<ProposalVerdict> {
  try {
    return await describe(await openProposal(state, proposal), proposal)
  } catch (error) {
    const { code, message } = refusalFrom(error)
    return { ok: false, code, reason: message }
  }
}

/**
 * @returns the state that a complete proposal leads to, to be given to the ordinary verifier as an announcement; or null
 *   while signatures are lacking, and for what is no proposal
 */
export async function completeProposal(state: KnownState, proposal: Proposal): Promise<TrustedState | null> {
  const judged = await judgeProposal(state, proposal)
  if (!judged.ok || !judged.complete || judged.address === null) return null
  const { address } = judged
  const { chain, root } = await openProposal(state, proposal)
  const roots = [...(chain?.files ?? []), ...(root === null ? [] : [root.bytes])]
  const { targets, snapshot, timestamp } = proposal
  if (targets === null || snapshot === null || timestamp === null) return { address, roots }
  return { address, roots, targets, snapshot, timestamp }
}

async function describe(open: OpenProposal, proposal: Proposal): Promise<JudgedProposal> {
  const { kind, address, chain, root, targets, release, governing } = open
  const main = root ?? targets
  if (main === null) throw new Refusal('bad-format', 'the proposal changes nothing')
  const role = root === null ? 'targets' : 'root'
  const valid = await validSignatures(main, root === null ? [governing] : delegatorsOfRoot(open), role)
  const missing = await stillLacking(open)
  return {
    ok: true,
    kind,
    address,
    version: main.signed.version,
    statement: toHex(await sha256(main.signedBytes)),
    signers: [...valid.values()].map(({ publicKey }) => publicKey),
    lacking: missing,
    complete: missing === 0 && (targets === null || (await wrapFits(governing, targets.bytes, proposal))),
    release:
      kind !== 'release' || release === null || targets === null
        ? null
        : { ...release, expires: targets.signed.expires },
    before: chain && governanceOf(chain.newest.signed),
    after: governanceOf(governing),
  }
}

/** The most that any of the thresholds lacks: one person's signature counts for all of them. */
export async function stillLacking(open: OpenProposal): Promise<number> {
  const { root, targets, governing } = open
  const delegators = delegatorsOfRoot(open)
  const rootSignatures = root && (await validSignatures(root, delegators, 'root'))
  const targetsSignatures = targets && (await validSignatures(targets, [governing], 'targets'))
  const counts = [
    ...delegators.map((delegator) => (rootSignatures === null ? 0 : lacking(rootSignatures, delegator, 'root'))),
    targetsSignatures === null ? 0 : lacking(targetsSignatures, governing, 'targets'),
  ]
  return Math.max(...counts)
}

/** @returns who may sign under this root */
function governanceOf(root: Root): Governance {
  const { publicKeys, threshold } = maintainersOf(root)
  return { name: archiveNameOf(root), maintainers: publicKeys, threshold, heartbeat: heartbeatsOf(root)[0] ?? null }
}

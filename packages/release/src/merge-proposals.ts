/** Copies of one proposal that were cosigned apart from each other become one with all their signatures. */
import { equals, toHex } from 'multiformats/bytes'
import { ReleaseError } from './errors.ts'
import { judgeProposal } from './judge-proposal.ts'
import { MAX_PROPOSAL_COPIES } from './limits.ts'
import type { Delegator, Signed, SignedFile } from './metadata.ts'
import {
  delegatorsOfRoot,
  openProposal,
  sameStatement,
  validSignatures,
  wrapFits,
  wrapVersions,
  type KnownState,
  type OpenProposal,
} from './open-proposal.ts'
import { encodeProposal, type Proposal } from './proposal.ts'
import { refusalFrom } from './refusal.ts'
import { assembleFile } from './sign-metadata.ts'

interface Copy {
  proposal: Proposal
  open: OpenProposal
  complete: boolean
}

/**
 * @param state what is held of the archive; null when nothing is
 * @param copies at least one; their order does not matter
 * @returns a copy that is complete already, the same for all who merge these copies; else all right signatures together
 * @throws ReleaseError 'bad-argument' when they are no copies of one proposal, when one of them is none at all, and for two
 *   complete first roots, which are two archives
 */
export async function mergeProposals(state: KnownState, copies: readonly Proposal[]): Promise<Proposal> {
  const opened = await openAll(state, copies)
  const [first] = opened
  if (first === undefined) throw new ReleaseError('bad-argument', 'there is no proposal to merge')
  if (opened.some(({ open }) => !sameStatement(first.open, open)))
    throw new ReleaseError('bad-argument', 'these are different proposals, not copies of one')
  const complete = opened.filter((copy) => copy.complete).toSorted(byBytes)
  const [chosen, other] = complete
  if (chosen !== undefined) {
    // The address is the hash of the first root, signatures included.
    if (first.open.kind === 'archive' && other !== undefined && other.open.address !== chosen.open.address)
      throw new ReleaseError('bad-argument', 'two copies are complete, and make two archives: agree on one of them')
    return chosen.proposal
  }
  return await united(opened, first)
}

async function openAll(state: KnownState, copies: readonly Proposal[]): Promise<Copy[]> {
  if (copies.length > MAX_PROPOSAL_COPIES)
    throw new ReleaseError('bad-argument', `more than ${MAX_PROPOSAL_COPIES} copies at once`)
  try {
    return await Promise.all(
      copies.map(async (proposal) => {
        const open = await openProposal(state, proposal)
        const judged = await judgeProposal(state, proposal)
        return { proposal, open, complete: judged.ok && judged.complete }
      }),
    )
  } catch (error) {
    const cause = refusalFrom(error)
    throw new ReleaseError('bad-argument', `one of the proposals is none: ${cause.message}`, { cause })
  }
}

async function united(copies: readonly Copy[], { proposal, open }: Copy): Promise<Proposal> {
  const delegators = delegatorsOfRoot(open)
  const root =
    open.root &&
    (await withAll(
      open.root,
      copies.flatMap((copy) => copy.open.root ?? []),
      delegators,
      'root',
    ))
  const signedTargets = copies.flatMap((copy) => copy.open.targets ?? [])
  const targets = open.targets && (await withAll(open.targets, signedTargets, [open.governing], 'targets'))
  const roots = copies.map((copy) => copy.open.chain?.files ?? []).toSorted((a, b) => b.length - a.length)[0] ?? []
  const { snapshot, timestamp } = await newestWrap(copies, targets)
  return { ...proposal, roots: [...roots], root, targets, snapshot, timestamp }
}

async function withAll(
  file: SignedFile<Signed>,
  copies: readonly SignedFile<Signed>[],
  delegators: readonly Delegator[],
  role: string,
): Promise<Uint8Array> {
  const signatures = new Map<string, string>()
  for (const copy of copies) {
    for (const [keyId, { signature }] of await validSignatures(copy, delegators, role)) signatures.set(keyId, signature)
  }
  return assembleFile(file.signed.raw, signatures)
}

/** Of the snapshots and timestamps that go with the united targets the newest; of equally new ones the same for everybody. */
async function newestWrap(
  copies: readonly Copy[],
  targets: Uint8Array | null,
): Promise<Pick<Proposal, 'snapshot' | 'timestamp'>> {
  const wraps = await Promise.all(
    copies.map(async ({ open, proposal }) => ({
      proposal,
      fits: targets !== null && (await wrapFits(open.governing, targets, proposal)),
      version: (await wrapVersions(open, proposal)).timestamp,
    })),
  )
  const best = wraps
    .toSorted(
      (a, b) =>
        Number(b.fits) - Number(a.fits) ||
        b.version - a.version ||
        compareBytes(a.proposal.timestamp ?? NOTHING, b.proposal.timestamp ?? NOTHING),
    )
    .at(0)
  return { snapshot: best?.proposal.snapshot ?? null, timestamp: best?.proposal.timestamp ?? null }
}

const NOTHING = new Uint8Array()

function byBytes(a: Copy, b: Copy): number {
  return compareBytes(encodeProposal(a.proposal), encodeProposal(b.proposal))
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  if (equals(a, b)) return 0
  return toHex(a) < toHex(b) ? -1 : 1
}

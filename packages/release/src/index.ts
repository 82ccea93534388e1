/** Signed metadata, announcements and links of archives: pure, the same in Node and in browsers. */
export { parseAddress, type Address } from './address.ts'
export { announcementOf, encodeAnnouncement, parseAnnouncement, type Announcement } from './announcement.ts'
export { authorRelease, authorRoot, createArchive, renewTimestamp } from './author.ts'
export type { Warning } from './clock-warning.ts'
export { ReleaseError, type ReleaseErrorCode } from './errors.ts'
export {
  encodeForkProof,
  forkProofFrom,
  parseForkProof,
  verifyForkProof,
  type ForkProof,
  type ForkVerdict,
} from './fork-proof.ts'
export { gradeFreshness, type Freshness } from './freshness.ts'
export {
  completeProposal,
  judgeProposal,
  type Governance,
  type JudgedProposal,
  type ProposedRelease,
} from './judge-proposal.ts'
export { CLOCK_TOLERANCE_MS, MAX_ANNOUNCEMENT_BYTES, MAX_FORK_PROOF_BYTES, MAX_PROPOSAL_BYTES } from './limits.ts'
export { encodeBundleHead, parseBundleHead, type BundleHead } from './bundle-head.ts'
export { formatLink, parseLink, type Link } from './link.ts'
export { mergeProposals } from './merge-proposals.ts'
export { openPastRelease, openState, type OpenedState } from './open-state.ts'
export { encodeProposal, parseProposal, type Proposal } from './proposal.ts'
export type { VerdictCode } from './refusal.ts'
export type { ReleaseContent } from './release-target.ts'
export { repositoryFiles } from './repository-files.ts'
export { proposeArchive, proposeRelease, proposeRoot, signProposal } from './sign-proposal.ts'
export { signerFromSeed, type Signer } from './signer.ts'
export type { ReleaseInfo, TrustedState } from './trusted-state.ts'
export { verifyAnnouncement, type Verdict, type VerifyOptions } from './verify-announcement.ts'
export { isTarget, percentEncoded, TufClient, type MetadataSource, type TrustedFiles } from './tuf-client.ts'

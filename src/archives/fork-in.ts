/** Reads the proof of a fork, from whoever sent or stored it. */
import { parseForkProof, verifyForkProof } from '@holdfast/release'
import type { Fork } from './archive-book.ts'

/** @returns null for bytes that are no proof, or prove nothing */
export async function forkIn(bytes: Uint8Array): Promise<(Fork & { address: string }) | null> {
  const parsed = parseForkProof(bytes)
  if (!parsed.ok) return null
  const verdict = await verifyForkProof(parsed.proof)
  if (!verdict.ok) return null
  const { address, version, first, second } = verdict
  return { address, version, cids: [first.cid.toString(), second.cid.toString()], proof: bytes }
}

/** Whether bytes claim to be the proof of a fork, so that they are not judged as an announcement. */
export function claimsFork(bytes: Uint8Array): boolean {
  return parseForkProof(bytes).ok
}

/** @returns one loud sentence */
export function forkInWords({ version, cids }: Fork): string {
  return `TWO DIFFERENT RELEASES ARE SIGNED AS RELEASE ${version} (${cids.join(' and ')}): a maintainer's key is abused, or they disagree; ask them before you trust either`
}

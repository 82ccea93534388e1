/** Proposals as files that go from hand to hand. */
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { encodeProposal, MAX_PROPOSAL_BYTES, parseProposal, type Proposal } from '@holdfast/release'
import { CommandError, EXIT } from '../failure.ts'
import { writeFileAtomic } from '../store/atomic-file.ts'

/** @throws CommandError: no such file (3), or none that is a proposal (4) */
export function readProposal(file: string): Proposal {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined)
    throw new CommandError(
      EXIT.notFound,
      'not-found',
      `There is no file ${file}.`,
      'Give the proposal that was sent to you.',
    )
  const bytes =
    stat.size > MAX_PROPOSAL_BYTES ? new Uint8Array(MAX_PROPOSAL_BYTES + 1) : new Uint8Array(readFileSync(file))
  const parsed = parseProposal(bytes)
  if (parsed.ok) return parsed.proposal
  throw new CommandError(
    EXIT.unverified,
    'bad-proposal',
    `${file} is no proposal: ${parsed.reason}.`,
    'Ask for the file again; perhaps it was changed on its way.',
  )
}

/** Writes a proposal whole or not at all. @returns the file's path */
export function writeProposal(file: string, proposal: Proposal): string {
  const path = resolve(file)
  writeFileAtomic(path, encodeProposal(proposal), { mode: 0o644 })
  return path
}

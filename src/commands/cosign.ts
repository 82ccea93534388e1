import { statSync } from 'node:fs'
import { DagError } from '@holdfast/dag'
import { judgeProposal, signProposal, type JudgedProposal, type Proposal, type ReleaseContent } from '@holdfast/release'
import type { Command, CommandContext } from '../command.ts'
import { confirm } from '../confirm.ts'
import { CommandError, EXIT } from '../failure.ts'
import { FLAG_KEY, FLAG_PASSPHRASE_FILE } from '../flags.ts'
import { UploadError } from '../gateway/context.ts'
import { SHOWN_CHANGES } from '../limits.ts'
import type { Difference } from '../publishing/maintained.ts'
import { readProposal, writeProposal } from '../publishing/proposal-file.ts'
import { oddities, proposalInWords } from '../publishing/proposal-words.ts'
import { Publishing } from '../publishing/publishing.ts'
import { FLAG_HIDDEN, FLAG_OUTPUT, FLAG_TO, FLAG_YES } from '../publishing/publish-flags.ts'
import { openOwnKey } from '../publishing/own-key.ts'
import { roundedTime } from '../publishing/rounded-time.ts'
import { scanFolder } from '../publishing/source-folder.ts'
import { changedRows } from '../publishing/table-rows.ts'
import { usageError } from '../settings.ts'

export const command: Command = {
  name: 'cosign',
  summary: 'rebuild what a proposal says from your own copy, look at it, and sign it',
  usage: 'PROPOSAL [--content DIR|FILE.car]',
  positionals: [1, 1],
  flags: [
    {
      name: 'content',
      type: 'string',
      value: 'DIR|CAR',
      help: 'your own copy of the folder that the release is made of, or a CAR or bundle of it',
    },
    FLAG_KEY,
    FLAG_TO,
    FLAG_OUTPUT,
    FLAG_HIDDEN,
    FLAG_YES,
    FLAG_PASSPHRASE_FILE,
  ],
  async run(context) {
    const { args, settings, out } = context
    const file = args[0] ?? ''
    const proposal = readProposal(file)
    const signed =
      proposal.address === null
        ? await signFirstRoot(context, proposal)
        : await signKnown(context, proposal, proposal.address)
    const path = writeProposal(settings.text('output') ?? file, signed.proposal)
    const { address, kind, version, signers, lacking, complete } = signed.judged
    out.result({ address, kind, version, signers, lacking, complete, proposal: path }, [
      path,
      complete
        ? 'Enough have signed. Anybody can send it now: holdfast announce PROPOSAL'
        : `${lacking} more must sign it: hand the file on.`,
    ])
    return undefined
  },
}

interface Signed {
  proposal: Proposal
  judged: JudgedProposal
}

/** The first root of an archive that nobody knows yet: there is nothing to rebuild, only keys to look at. */
async function signFirstRoot(context: CommandContext, proposal: Proposal): Promise<Signed> {
  const judged = requireProposal(await judgeProposal(null, proposal))
  for (const line of proposalInWords(judged)) context.out.note(line)
  await confirm(context, 'Sign this?')
  const now = roundedTime(context.now())
  const signed = await signProposal({ state: null, proposal, signer: await openOwnKey(context), now })
  return { proposal: signed, judged: requireProposal(await judgeProposal(null, signed)) }
}

async function signKnown(context: CommandContext, proposal: Proposal, address: string): Promise<Signed> {
  const { out } = context
  const publishing = await Publishing.open(context, address)
  try {
    await publishing.learnNewest()
    const judged = requireProposal(await judgeProposal(publishing.archive.state, proposal))
    for (const line of proposalInWords(judged)) out.note(line)
    const difference = judged.release === null ? null : await rebuild(context, publishing, judged)
    for (const odd of oddities(judged, publishing.archive.verified, difference, context.now())) out.note(`ODD: ${odd}.`)
    await confirm(context, 'Sign this?')
    const { state } = publishing.archive
    const now = roundedTime(context.now())
    const signed = await signProposal({ state, proposal, signer: await publishing.signer(), now })
    return { proposal: signed, judged: requireProposal(await judgeProposal(state, signed)) }
  } finally {
    await publishing.close()
  }
}

/** A cosigner never signs a CID that was not rebuilt here (trust.md, "Threshold signing is offline"). */
async function rebuild(
  context: CommandContext,
  publishing: Publishing,
  { release, version }: JudgedProposal,
): Promise<Difference | null> {
  const { settings, out } = context
  const folder = settings.text('content')
  if (folder === undefined)
    throw usageError(
      'A release is only signed after it was rebuilt.',
      'Give your own copy of the folder, or a CAR of it, with --content.',
    )
  const content =
    release !== null && statSync(folder, { throwIfNoEntry: false })?.isFile() === true
      ? await fromCar(folder, publishing, release)
      : await publishing.importFolder(await scanFolder(folder, settings.isSet('hidden')), true)
  const difference = await publishing.compare(content)
  if (release === null || !content.cid.equals(release.cid)) {
    throw new CommandError(
      EXIT.unverified,
      'content-differs',
      `Your copy is ${content.cid}, and the proposal is about ${release?.cid}: they are not the same files.`,
      'Compare what is listed above with what the proposer says; sign nothing that you do not have.',
    )
  }
  if (
    content.manifest.toString() !== release.manifest.toString() ||
    content.size !== release.size ||
    content.files !== release.files
  ) {
    throw new CommandError(
      EXIT.unverified,
      'content-differs',
      'The files are the same, but the proposal says something else of their number, size or blocks.',
      'Ask the proposer to make it again with this version.',
    )
  }
  await publishing.keep(version, content)
  const before = publishing.archive.verified?.cid ?? null
  for (const path of [...(difference?.changed ?? []), ...(difference?.added ?? []), ...(difference?.removed ?? [])]) {
    const isGone = difference?.removed.includes(path) === true
    const isNew = difference?.added.includes(path) === true
    const rows = await changedRows(path, isNew ? null : before, isGone ? null : content.cid, publishing.reader())
    if (rows === null) continue
    out.note(`Rows of ${path}:`)
    sayRows(context, '+', rows.added)
    sayRows(context, '-', rows.removed)
  }
  return difference
}

/** The blocks of a CAR or a bundle are hashed one by one, and a walk from the root passes over all of them. */
async function fromCar(file: string, publishing: Publishing, claimed: ReleaseContent): Promise<ReleaseContent> {
  try {
    return await publishing.importCar(file, claimed)
  } catch (error) {
    const isOther = error instanceof UploadError || (error instanceof DagError && error.code === 'missing-block')
    if (!isOther) throw error
    const message = `${file} does not hold the content of the proposal: ${error.message}.`
    const hint = 'Ask whoever proposed it for "holdfast export CID FILE.car", or use your own copy of the folder.'
    throw new CommandError(EXIT.unverified, 'content-differs', message, hint, { cause: error })
  }
}

function sayRows({ out }: CommandContext, mark: string, rows: readonly string[]): void {
  for (const row of rows.slice(0, SHOWN_CHANGES)) out.note(`  ${mark} ${row}`)
  if (rows.length > SHOWN_CHANGES) out.note(`  ${mark} and ${rows.length - SHOWN_CHANGES} more rows`)
}

function requireProposal(judged: Awaited<ReturnType<typeof judgeProposal>>): JudgedProposal {
  if (judged.ok) return judged
  throw new CommandError(
    EXIT.unverified,
    judged.code,
    `This proposal cannot be signed: ${judged.reason}.`,
    'Ask whoever sent it for a new one.',
  )
}

import { completeProposal, formatLink, judgeProposal, mergeProposals, type Proposal } from '@holdfast/release'
import type { Command, CommandContext } from '../command.ts'
import { CommandError, EXIT } from '../failure.ts'
import { counted } from '../figures.ts'
import { FLAG_ARCHIVE } from '../flags.ts'
import { readProposal } from '../publishing/proposal-file.ts'
import { Publishing } from '../publishing/publishing.ts'
import { FLAG_HIDDEN, FLAG_TO, FLAG_UNSEEN, FLAG_WAIT } from '../publishing/publish-flags.ts'
import { scanFolder } from '../publishing/source-folder.ts'

export const command: Command = {
  name: 'announce',
  summary: 'send a proposal that enough have signed, or the newest release once more; needs no key',
  usage: '[PROPOSAL…] [--to HINT]',
  positionals: [0, Number.MAX_SAFE_INTEGER],
  flags: [
    {
      name: 'content',
      type: 'string',
      value: 'DIR',
      help: 'the folder that the release is made of, where this home does not hold it',
    },
    FLAG_ARCHIVE,
    FLAG_TO,
    FLAG_WAIT,
    FLAG_HIDDEN,
    FLAG_UNSEEN,
  ],
  async run(context) {
    const copies = context.args.map(readProposal)
    const merged =
      copies.length === 0
        ? null
        : await mergeProposals(null, copies).catch(async () => await mergeKnown(context, copies))
    if (merged !== null && merged.address === null) return await beginArchive(context, merged)
    const publishing = await Publishing.open(context, merged?.address ?? undefined)
    try {
      return await send(context, publishing, merged)
    } finally {
      await publishing.close()
    }
  },
}

async function send(
  { settings, out }: CommandContext,
  publishing: Publishing,
  proposal: Proposal | null,
): Promise<3 | undefined> {
  const wait = settings.number('wait', 0) ?? 1
  await publishing.learnNewest()
  if (proposal !== null) await publishing.adopt(await requireComplete(publishing, proposal))
  const release = publishing.archive.verified
  if (release === null)
    throw new CommandError(
      EXIT.notFound,
      'no-release',
      'The archive has no release yet; its keys are kept here.',
      'Publish one.',
    )
  const folder = settings.text('content')
  if (folder !== undefined) {
    const content = await publishing.importFolder(await scanFolder(folder, settings.isSet('hidden')), true)
    if (!content.cid.equals(release.cid))
      throw new CommandError(
        EXIT.unverified,
        'content-differs',
        `${folder} is not what was signed.`,
        'Give the folder that the release was made of.',
      )
    await publishing.keep(release.version, content)
  }
  const { announcedTo, heldBy } = await publishing.spread(release, wait)
  const { address, version, cid } = release
  out.result({ address, release: version, cid: cid.toString(), announcedTo, heldBy }, [
    `Release ${version} went to ${counted(announcedTo.length, 'mirror')}; ${counted(heldBy.length, 'of them holds', 'of them hold')} all of it.`,
  ])
  return heldBy.length < wait ? EXIT.notFound : undefined
}

/** A first root that enough have signed makes the archive, and its address. */
async function beginArchive(context: CommandContext, proposal: Proposal): Promise<undefined> {
  const state = await completeProposal(null, proposal)
  if (state === null) throw await incomplete(null, proposal)
  const publishing = await Publishing.open(context, state.address)
  try {
    await publishing.adopt(state)
    const { address, name } = publishing.archive
    const link = formatLink({ address, path: '', hints: [], ...(name !== null && { name }) })
    context.out.result({ address, link }, [
      `Address: ${address}`,
      `Link: ${link}`,
      'Every maintainer runs this once; then publish.',
    ])
    return undefined
  } finally {
    await publishing.close()
  }
}

/** Copies that do not reach back to the first root need what this home knows. */
async function mergeKnown(context: CommandContext, copies: readonly Proposal[]): Promise<Proposal> {
  const address = copies[0]?.address ?? undefined
  const publishing = await Publishing.open(context, address)
  try {
    return await mergeProposals(publishing.archive.state, copies)
  } finally {
    await publishing.close()
  }
}

async function requireComplete(
  publishing: Publishing,
  proposal: Proposal,
): Promise<NonNullable<Awaited<ReturnType<typeof completeProposal>>>> {
  const { state } = publishing.archive
  const complete = await completeProposal(state, proposal)
  if (complete === null) throw await incomplete(state, proposal)
  return complete
}

async function incomplete(state: Parameters<typeof judgeProposal>[0], proposal: Proposal): Promise<CommandError> {
  const judged = await judgeProposal(state, proposal)
  if (!judged.ok)
    return new CommandError(
      EXIT.unverified,
      judged.code,
      `The proposal does not verify: ${judged.reason}.`,
      'Ask for a new one.',
    )
  return new CommandError(
    EXIT.refused,
    'incomplete',
    `${counted(judged.lacking, 'more maintainer')} must sign it first.`,
    'Hand it on: holdfast cosign PROPOSAL',
  )
}

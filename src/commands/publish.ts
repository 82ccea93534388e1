import type { ReleaseContent } from '@holdfast/release'
import type { Command, CommandContext } from '../command.ts'
import { EXIT } from '../failure.ts'
import { counted, formatBytes } from '../figures.ts'
import { writeProposal } from '../publishing/proposal-file.ts'
import { Publishing, type Published } from '../publishing/publishing.ts'
import { FLAG_HIDDEN, FLAG_OUTPUT, FLAG_WAIT, SIGNING_FLAGS } from '../publishing/publish-flags.ts'
import { scanFolder } from '../publishing/source-folder.ts'
import { usageError } from '../settings.ts'

export const command: Command = {
  name: 'publish',
  summary: 'sign a folder as the next release and hand it to mirrors',
  usage: 'DIR -m MESSAGE [--to HINT]',
  positionals: [1, 1],
  flags: [
    { name: 'message', type: 'string', short: 'm', value: 'MESSAGE', help: 'one line that says what is new' },
    ...SIGNING_FLAGS,
    FLAG_WAIT,
    FLAG_HIDDEN,
    { name: 'rehash', type: 'boolean', help: 'read every file, also those that look unchanged since the last time' },
    { ...FLAG_OUTPUT, help: 'where the proposal is written, when others must sign too' },
    { name: 'dry-run', type: 'boolean', help: 'import and compare, sign and send nothing' },
  ],
  async run(context) {
    const { args, settings, out } = context
    const wait = settings.number('wait', 0) ?? 1
    const message = settings.text('message')
    if (message === undefined) throw usageError('A release needs a message.', 'Say what is new with -m.')
    const folder = await scanFolder(args[0] ?? '', settings.isSet('hidden'))
    if (folder.leftOut.length > 0) {
      const some = folder.leftOut.slice(0, 5).join(', ')
      out.note(
        `Left out, because the names begin with a dot: ${some}${folder.leftOut.length > 5 ? ` and ${folder.leftOut.length - 5} more` : ''} (--hidden takes them).`,
      )
    }
    const publishing = await Publishing.open(context)
    try {
      if (!settings.isSet('dry-run')) await publishing.unlock()
      await publishing.learnNewest()
      const content = await publishing.importFolder(folder, settings.isSet('rehash'))
      const difference = await publishing.compare(content)
      if (settings.isSet('dry-run')) {
        out.result(
          {
            cid: content.cid.toString(),
            files: content.files,
            size: content.size,
            ...countsOf(difference),
            dryRun: true,
          },
          [`This would be ${content.cid}, ${describe(difference)}.`],
        )
        return undefined
      }
      if ((await publishing.threshold()) > 1) return await propose(context, publishing, content, message, difference)
      const release = await publishing.sign(content, message)
      const { announcedTo, heldBy } = await publishing.spread(release, wait)
      const { address, version, cid, files, size } = release
      out.result(
        { address, release: version, cid: cid.toString(), files, size, ...countsOf(difference), announcedTo, heldBy },
        [
          `Release ${version}: ${counted(files, 'file')}, ${formatBytes(size)}, ${describe(difference)}.`,
          cid.toString(),
          outcome(heldBy.length, wait),
        ],
      )
      return heldBy.length < wait ? EXIT.notFound : undefined
    } finally {
      await publishing.close()
    }
  },
}

/** With a threshold above one a release is a proposal first: a small file that goes from hand to hand. */
async function propose(
  { settings, out }: CommandContext,
  publishing: Publishing,
  content: ReleaseContent,
  message: string,
  difference: Published['difference'],
): Promise<undefined> {
  const { proposal, version, lacking } = await publishing.propose(content, message)
  const path = writeProposal(settings.text('output') ?? `release-${version}.proposal`, proposal)
  const { address } = publishing
  const { cid, files, size } = content
  out.result(
    {
      address,
      release: version,
      cid: cid.toString(),
      files,
      size,
      ...countsOf(difference),
      announcedTo: [],
      heldBy: [],
      proposal: path,
    },
    [
      `Release ${version} is proposed: ${counted(files, 'file')}, ${formatBytes(size)}, ${describe(difference)}.`,
      path,
      `${lacking} more must sign it: hand the file on, for "holdfast cosign". Keep this home: it holds the files.`,
    ],
  )
  return undefined
}

function countsOf(difference: Published['difference']): {
  added: number | null
  removed: number | null
  changed: number | null
} {
  return {
    added: difference?.added.length ?? null,
    removed: difference?.removed.length ?? null,
    changed: difference?.changed.length ?? null,
  }
}

function describe(difference: Published['difference']): string {
  if (difference === null) return 'the release before is not here to compare with'
  const { added, removed, changed } = difference
  return `${added.length} added, ${removed.length} removed, ${changed.length} changed`
}

function outcome(held: number, wait: number): string {
  if (wait === 0) return 'Not waited for mirrors: see with "holdfast log" who has it.'
  if (held >= wait)
    return `${counted(held, 'mirror')} ${held === 1 ? 'holds' : 'hold'} all of it. This machine is no longer needed.`
  const who =
    held === 0 ? 'Nobody has it yet' : `Only ${counted(held, 'mirror')} of ${wait} ${held === 1 ? 'holds' : 'hold'} it`
  return `${who}: it is signed and kept here. Start a mirror with the link and run the same command again.`
}

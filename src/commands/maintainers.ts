import { completeProposal, openState, proposeRoot } from '@holdfast/release'
import type { Command, CommandContext } from '../command.ts'
import { CommandError, EXIT } from '../failure.ts'
import { FLAG_ARCHIVE } from '../flags.ts'
import { writeProposal } from '../publishing/proposal-file.ts'
import { Publishing } from '../publishing/publishing.ts'
import { FLAG_OUTPUT, FLAG_WAIT, SIGNING_FLAGS } from '../publishing/publish-flags.ts'
import { roundedTime } from '../publishing/rounded-time.ts'
import { usageError } from '../settings.ts'

interface Keys {
  maintainers: string[]
  threshold: number
  heartbeat: string | null
}

export const command: Command = {
  name: 'maintainers',
  summary: 'list the keys of an archive, or propose others; the address stays',
  usage: '[add PUB | remove PUB | replace OLD NEW | threshold K | heartbeat PUB]',
  positionals: [0, 3],
  flags: [...SIGNING_FLAGS.filter((flag) => flag !== FLAG_ARCHIVE), FLAG_ARCHIVE, FLAG_WAIT, FLAG_OUTPUT],
  async run(context) {
    const { args, settings, out, now } = context
    const publishing = await Publishing.open(context)
    try {
      if (args.length > 0) await publishing.learnNewest()
      const { address, state, name } = publishing.archive
      if (state.roots.length === 0)
        throw new CommandError(
          EXIT.notFound,
          'unknown-archive',
          'The archive is not held here.',
          'Make one with "holdfast init".',
        )
      const before = await keysOf(context, state)
      if (args.length === 0) {
        out.result({ address, ...before }, [
          `${before.threshold} of these must sign:`,
          ...before.maintainers.map((key) => `  ${key}`),
        ])
        return undefined
      }
      const after = changed(before, args)
      const { heartbeat, ...keys } = after
      const proposal = await proposeRoot({
        state,
        name: name ?? '',
        ...keys,
        ...(heartbeat !== null && { heartbeat }),
        signer: await publishing.signer(),
        now: roundedTime(now()),
      })
      const complete = await completeProposal(state, proposal)
      if (complete === null) {
        const path = writeProposal(settings.text('output') ?? `keys-${state.roots.length + 1}.proposal`, proposal)
        out.result({ address, ...after, proposal: path }, [
          path,
          'Others must sign it: hand the file on, for "holdfast cosign".',
        ])
        return undefined
      }
      const release = await publishing.adopt(complete)
      const sent =
        release === null ? { announcedTo: [] } : await publishing.spread(release, settings.number('wait', 0) ?? 1)
      out.result({ address, ...after, announcedTo: sent.announcedTo }, [
        `Done: ${after.threshold} of ${after.maintainers.length} sign from now on.`,
      ])
      return undefined
    } finally {
      await publishing.close()
    }
  },
}

async function keysOf({ now }: CommandContext, state: Parameters<typeof openState>[0]): Promise<Keys> {
  const opened = await openState(state, now())
  if (!opened.ok)
    throw new CommandError(
      EXIT.unverified,
      opened.code,
      `What is held of the archive does not verify: ${opened.reason}.`,
      'Restore it from a backup.',
    )
  return {
    maintainers: opened.maintainers.map(({ publicKey }) => publicKey),
    threshold: opened.threshold,
    heartbeat: opened.heartbeat,
  }
}

/** @throws CommandError for what cannot be meant */
function changed(keys: Keys, [verb = '', one = '', other = '']: readonly string[]): Keys {
  const { maintainers, threshold } = keys
  const known = (key: string): string => {
    if (maintainers.includes(key)) return key
    throw usageError(`${key} is no maintainer of this archive.`, 'See "holdfast maintainers".')
  }
  if (verb === 'add' && one !== '') return { ...keys, maintainers: [...maintainers, one] }
  if (verb === 'remove' && one !== '') return { ...keys, maintainers: maintainers.filter((key) => key !== known(one)) }
  if (verb === 'replace' && other !== '')
    return { ...keys, maintainers: maintainers.map((key) => (key === known(one) ? other : key)) }
  if (verb === 'threshold' && Number.isSafeInteger(Number(one))) return { ...keys, threshold: Number(one) }
  if (verb === 'heartbeat' && one !== '') return { ...keys, threshold, heartbeat: one === 'none' ? null : one }
  throw usageError(
    `"${verb} ${one}" is not known.`,
    'Say add PUB, remove PUB, replace OLD NEW, threshold K, or heartbeat PUB.',
  )
}

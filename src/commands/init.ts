import { createArchive, formatLink, proposeArchive } from '@holdfast/release'
import type { Command } from '../command.ts'
import { FLAG_KEY, FLAG_PASSPHRASE_FILE } from '../flags.ts'
import { makeHome } from '../home.ts'
import { openBook } from '../publishing/maintained.ts'
import { writeProposal } from '../publishing/proposal-file.ts'
import { FLAG_OUTPUT } from '../publishing/publish-flags.ts'
import { openOwnKey } from '../publishing/own-key.ts'
import { roundedTime } from '../publishing/rounded-time.ts'
import { usageError } from '../settings.ts'

export const command: Command = {
  name: 'init',
  summary: 'begin a new archive',
  usage: '--name NAME --key FILE',
  positionals: [0, 0],
  flags: [
    { name: 'name', type: 'string', value: 'NAME', help: 'what readers see, 1 to 200 characters' },
    FLAG_KEY,
    {
      name: 'maintainer',
      type: 'string',
      multiple: true,
      value: 'PUB',
      help: 'public key of another maintainer (repeatable)',
    },
    { name: 'threshold', type: 'string', value: 'K', help: 'how many maintainers must sign a release (1)' },
    {
      name: 'heartbeat',
      type: 'string',
      value: 'PUB',
      help: 'a key that may renew the newest release and do nothing else',
    },
    { ...FLAG_OUTPUT, help: 'where the proposal is written, when others must sign too' },
    FLAG_PASSPHRASE_FILE,
  ],
  async run(context) {
    const { settings, home, out, now } = context
    const name = settings.text('name')
    if (name === undefined) throw usageError('An archive needs a name.', 'Say which with --name.')
    const threshold = settings.number('threshold', 1) ?? 1
    makeHome(home)
    const signer = await openOwnKey(context)
    const maintainers = [...new Set([signer.publicKey, ...settings.list('maintainer')])]
    if (threshold > maintainers.length)
      throw usageError(`A threshold of ${threshold} needs ${threshold} maintainers; there are ${maintainers.length}.`)
    const heartbeat = settings.text('heartbeat')
    const keys = { name, maintainers, threshold, ...(heartbeat !== undefined && { heartbeat }) }
    const begun = roundedTime(now())
    if (threshold > 1) {
      const proposal = await proposeArchive({ ...keys, signer, now: begun })
      const path = writeProposal(settings.text('output') ?? 'archive.proposal', proposal)
      out.result({ threshold, maintainers, proposal: path }, [
        path,
        `${threshold - 1} more must sign it: hand the file on, for "holdfast cosign". The address is known once they have.`,
        'Then every maintainer runs: holdfast announce PROPOSAL',
      ])
      return undefined
    }
    const state = await createArchive({ ...keys, signers: [signer], now: begun })
    const { address } = state
    const book = await openBook(home, now)
    await book.follow(address, [], undefined)
    await book.adopt(state)
    const link = formatLink({ address, path: '', hints: [], name })
    out.result({ address, link, threshold, maintainers }, [
      `Address: ${address}`,
      `Link: ${link}`,
      'Start mirrors with this link, then publish to them: holdfast publish DIR -m MESSAGE --to HINT',
    ])
    return undefined
  },
}

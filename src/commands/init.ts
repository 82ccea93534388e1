import { createArchive, formatLink, ReleaseError } from '@holdfast/release'
import type { Command } from '../command.ts'
import { FLAG_KEY, FLAG_PASSPHRASE_FILE } from '../flags.ts'
import { makeHome } from '../home.ts'
import { openBook } from '../publishing/maintained.ts'
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
    const state = await createArchive({
      name,
      maintainers,
      threshold,
      signers: [signer],
      now: roundedTime(now()),
    }).catch((error: unknown) => {
      if (!(error instanceof ReleaseError) || error.code !== 'threshold-unmet') throw error
      throw usageError('This version begins archives that one key can sign for.', 'Leave --threshold out.', error)
    })
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

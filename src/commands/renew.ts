import type { Command } from '../command.ts'
import { EXIT } from '../failure.ts'
import { counted } from '../figures.ts'
import { Publishing } from '../publishing/publishing.ts'
import { FLAG_WAIT, SIGNING_FLAGS } from '../publishing/publish-flags.ts'

export const command: Command = {
  name: 'renew',
  summary: 'confirm that the newest release is the newest, for another 90 days',
  usage: '[--to HINT]',
  positionals: [0, 0],
  flags: [...SIGNING_FLAGS, FLAG_WAIT],
  async run(context) {
    const { settings, out } = context
    const wait = settings.number('wait', 0) ?? 1
    const publishing = await Publishing.open(context)
    try {
      await publishing.learnNewest()
      const release = await publishing.renew()
      const { announcedTo, heldBy } = await publishing.spread(release, wait)
      const { address, version, expires } = release
      out.result({ address, release: version, expires, announcedTo, heldBy }, [
        `Release ${version} is confirmed until ${expires}; ${counted(announcedTo.length, 'mirror')} took it.`,
      ])
      return announcedTo.length === 0 && wait > 0 ? EXIT.notFound : undefined
    } finally {
      await publishing.close()
    }
  },
}

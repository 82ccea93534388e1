import type { Command } from '../command.ts'
import { usageError } from '../settings.ts'
import { releasesBack } from '../reading/past-releases.ts'
import { forksField, Reading, READING_FLAGS } from '../reading/reading.ts'
import type { ReleaseInfo } from '@holdfast/release'

export const command: Command = {
  name: 'log',
  summary: 'list the releases of an archive, with who signed them',
  usage: 'WHAT',
  positionals: [1, 1],
  flags: READING_FLAGS,
  async run(context) {
    const { args, out } = context
    const reading = await Reading.open(args[0] ?? '', context)
    try {
      const { release, state, freshness, forks } = reading
      if (release === null || state === null)
        throw usageError('A bare CID has no history.', 'Ask for the log of a link or an address.')
      const releases: ReleaseInfo[] = []
      for await (const one of releasesBack(state, release, async (version) => await reading.targets(version))) {
        if (one === null) out.note('Nobody who was reached has the releases before.')
        else releases.push(one)
      }
      out.result(
        {
          address: release.address,
          name: release.name,
          freshness,
          ...forksField(forks),
          releases: releases.map(({ version, cid, message, published, signers, size, files }) => {
            return { release: version, cid: cid.toString(), message, published, signers, size, files }
          }),
        },
        releases.flatMap(({ version, cid, message, published, signers }) => [
          `release ${version}  ${published}  ${message}`,
          `  ${cid}`,
          `  signed by ${signers.join(', ')}`,
        ]),
      )
      return undefined
    } finally {
      await reading.close()
    }
  },
}

import { createReadStream } from 'node:fs'
import { importResult, takeBundle, type ImportResult } from '../bundles/take-bundle.ts'
import { chooseHints } from '@holdfast/network'
import type { Command } from '../command.ts'
import { ControlClient } from '../control/control-client.ts'
import { withHome, type OfflineHome } from '../daemon/offline-home.ts'
import { CommandError, EXIT } from '../failure.ts'
import { counted } from '../figures.ts'

export const command: Command = {
  name: 'import',
  summary: 'take a bundle that somebody handed over, and mirror what it holds',
  usage: 'FILE|-',
  positionals: [1, 1],
  flags: [],
  async run(context) {
    const { args, home, out } = context
    const file = args[0] ?? ''
    const stream = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: READ_BYTES })
    const daemon = await ControlClient.connect(home.socket)
    const taken =
      daemon === null
        ? await withHome(context, async (opened) => await takeHere(stream, opened, context.now()))
        : await daemon.import(stream)
    const { address, release, name, stored, older } = taken
    out.result(
      { address, release, stored, older, running: daemon !== null },
      older
        ? [`The bundle holds an older release of "${name}" than is known here (${release}): nothing to do.`]
        : [`Release ${release} of "${name}" is held, ${counted(stored, 'block')} of it new.`],
    )
    return undefined
  },
}

const READ_BYTES = 1024 * 1024

/** Without a daemon: the release is pinned here, and served when one runs. */
async function takeHere(
  stream: AsyncIterable<Uint8Array>,
  { book, keeper }: OfflineHome,
  now: Date,
): Promise<ImportResult> {
  const taken = await takeBundle(stream, {
    announce: async ({ address, announcement, hints }) => {
      // They come from strangers: what is none, or leads into this network, is not kept.
      const { hints: fit } = chooseHints(hints, false)
      await book.follow(
        address,
        fit.map((hint) => hint.text),
        undefined,
      )
      const verdict = await book.submit(address, announcement, null)
      const { verified = null } = book.find(address) ?? {}
      return { verdict, newest: verified }
    },
    now,
    hold: (release) => keeper.hold(release),
    store: keeper.blocks,
    room: Infinity,
  })
  if (taken.older) return importResult(taken)
  const { release } = taken
  for (const type of ['pin', 'advanceHead'] as const) {
    const input = await keeper.perform({ type, release, job: 0 }, book)
    if (input.type === 'pinFailed' || input.type === 'headFailed') throw incomplete(input.reason)
  }
  return importResult(taken)
}

function incomplete(reason: string): CommandError {
  const message = `The bundle does not hold all of the release: ${reason}.`
  const hint = 'What it holds is kept: import the rest, or a bundle made without --since.'
  return new CommandError(EXIT.unverified, 'incomplete', message, hint)
}

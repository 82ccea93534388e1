import type { Command } from '../command.ts'
import { ControlClient } from '../control/control-client.ts'
import { withHome } from '../daemon/offline-home.ts'
import { parseFollowable } from '../archives/followable.ts'
import { usageError } from '../settings.ts'

export const command: Command = {
  name: 'unfollow',
  summary: 'stop mirroring an archive and free what only it needed',
  usage: 'ADDRESS',
  positionals: [1, 1],
  flags: [],
  async run(context) {
    const { address } = parseFollowable(context.args[0] ?? '')
    const daemon = await ControlClient.connect(context.home.socket)
    if (daemon === null) {
      await withHome(context, async ({ keeper, book }) => {
        if (book.find(address) === null) throw usageError(`${address} is not followed here.`, 'See "holdfast status".')
        keeper.forget(address, async () => await book.forget(address))
        await keeper.idle()
      })
    } else await daemon.unfollow(address)
    context.out.result({ address }, [`${address} is no longer mirrored.`])
    return undefined
  },
}

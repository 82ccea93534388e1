import type { Command } from '../command.ts'
import { ControlClient } from '../control/control-client.ts'
import { withHome } from '../daemon/offline-home.ts'
import { counted, formatBytes } from '../figures.ts'

export const command: Command = {
  name: 'gc',
  summary: 'free the space of blocks that no kept release needs',
  usage: '',
  positionals: [0, 0],
  flags: [],
  async run(context) {
    const daemon = await ControlClient.connect(context.home.socket)
    const freed = daemon === null ? await withHome(context, async ({ keeper }) => await keeper.gc()) : await daemon.gc()
    context.out.result({ ...freed }, [`${counted(freed.blocks, 'block')} freed, ${formatBytes(freed.bytes)}.`])
    return undefined
  },
}

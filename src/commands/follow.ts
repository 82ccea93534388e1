import { chooseHints } from '@holdfast/network'
import { parseFollowable } from '../archives/followable.ts'
import type { Command } from '../command.ts'
import { FLAG_ALLOW_PRIVATE } from '../flags.ts'
import { ControlClient } from '../control/control-client.ts'
import { lockHome } from '../home-lock.ts'
import { makeHome } from '../home.ts'
import { ArchiveStore } from '../store/archive-store.ts'

export const command: Command = {
  name: 'follow',
  summary: 'mirror one more archive, now or when the daemon starts',
  usage: 'LINK',
  positionals: [1, 1],
  flags: [FLAG_ALLOW_PRIVATE],
  async run({ args, settings, home, out }) {
    const link = parseFollowable(args[0] ?? '')
    const { address } = link
    const allowPrivate = settings.isSet('allow-private')
    const daemon = await ControlClient.connect(home.socket)
    if (daemon !== null) {
      const { notes } = await daemon.follow(args[0] ?? '', allowPrivate)
      for (const line of notes) out.note(`${line}.`)
      out.result({ address, running: true }, [`Following ${address} from now on.`])
      return undefined
    }
    makeHome(home)
    const lock = await lockHome(home)
    try {
      const { hints, skipped } = chooseHints(link.hints, allowPrivate)
      for (const line of skipped) out.note(`${line}.`)
      const store = new ArchiveStore(home.archives)
      const known = (await store.load(address))?.hints ?? []
      const all = [...new Set([...known, ...hints.map((hint) => hint.text)])]
      await store.follow(address, { hints: all, ...(link.name !== undefined && { name: link.name }) })
      out.result({ address, running: false }, [`${address} will be followed when "holdfast mirror" runs.`])
      return undefined
    } finally {
      await lock.release()
    }
  },
}

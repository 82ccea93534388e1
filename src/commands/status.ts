import type { Command, CommandContext } from '../command.ts'
import { ControlClient } from '../control/control-client.ts'
import { withHome } from '../daemon/offline-home.ts'
import { archiveStatus, type DaemonStatus } from '../daemon/status.ts'
import { counted, formatBytes } from '../figures.ts'
import { STATUS_WATCH_MS } from '../limits.ts'

export const command: Command = {
  name: 'status',
  summary: 'show what is mirrored here, how new it is, and who else has it',
  usage: '',
  positionals: [0, 0],
  flags: [{ name: 'watch', type: 'boolean', help: 'go on showing it, a line whenever it changes' }],
  async run(context) {
    const { settings, out, signal } = context
    let shown = ''
    do {
      const status = await statusOf(context)
      const text = JSON.stringify(status)
      if (text !== shown) out.result({ ...status }, inWords(status))
      shown = text
      if (settings.isSet('watch')) await pause(signal)
    } while (settings.isSet('watch') && !signal.aborted)
    return undefined
  },
}

async function statusOf(context: CommandContext): Promise<DaemonStatus> {
  const daemon = await ControlClient.connect(context.home.socket)
  if (daemon !== null) return await daemon.status()
  return await withHome(context, async ({ keeper, book }) => {
    const archives = []
    for (const address of book.addresses()) {
      const archive = book.find(address)
      const kept = await keeper.keptOf(address, async (version) => await book.past(address, version))
      if (archive !== null)
        archives.push(
          archiveStatus(
            archive,
            kept.map(({ version }) => version).toSorted((a, b) => a - b),
            0,
            context.now(),
          ),
        )
    }
    return {
      peerId: null,
      multiaddrs: [],
      gateway: null,
      archives,
      disk: { used: keeper.used(), quota: context.settings.bytes('quota') ?? null },
    }
  })
}

function inWords({ peerId, multiaddrs, gateway, archives, disk }: DaemonStatus): string[] {
  const quota = disk.quota === null ? '' : ` of ${formatBytes(disk.quota)}`
  return [
    peerId === null ? 'No mirror runs in this home.' : `Mirror ${peerId} is running.`,
    ...multiaddrs.map((one) => `  ${one}`),
    ...(gateway === null ? [] : [`  ${gateway}`]),
    `${counted(archives.length, 'archive')}, ${formatBytes(disk.used)}${quota} on disk.`,
    ...archives.flatMap((one) => [
      `${one.name ?? 'name not known yet'}  ${one.address}`,
      one.served === null
        ? `  nothing held yet${one.verified === null ? '' : `; release ${one.verified} is being fetched`}`
        : `  release ${one.served} served (${counted(one.files ?? 0, 'file')}, ${formatBytes(one.size ?? 0)}), newest known ${one.verified}, ${one.freshness}`,
      ...one.forks.map((version) => `  TWO DIFFERENT RELEASES ARE SIGNED AS RELEASE ${version}: see "holdfast log"`),
      `  ${counted(one.releasesKept, 'release')} kept, ${counted(one.peers, 'other mirror')} connected`,
    ]),
  ]
}

async function pause(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, STATUS_WATCH_MS)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}

import { DEFAULT_KEEP } from '@holdfast/mirror'
import { chooseHints } from '@holdfast/network'
import { InterruptError, type Command, type CommandContext } from '../command.ts'
import { FLAG_ALLOW_PRIVATE, FLAG_FROM } from '../flags.ts'
import { ArchiveBook } from '../archives/archive-book.ts'
import { parseFollowable } from '../archives/followable.ts'
import { Daemon, type DaemonSettings } from '../daemon.ts'
import { Keeper } from '../daemon/keeper.ts'
import { STOP_MS } from '../daemon/limits.ts'
import { tellOn } from '../daemon/told-events.ts'
import { CommandError, EXIT } from '../failure.ts'
import { lockHome } from '../home-lock.ts'
import { makeHome } from '../home.ts'
import { usageError } from '../settings.ts'
import { ArchiveStore } from '../store/archive-store.ts'
import { BlockStore } from '../store/block-store.ts'
import { Retention } from '../store/retention.ts'

export const command: Command = {
  name: 'mirror',
  summary: 'keep archives and serve them, until it is stopped',
  usage: '[LINK…]',
  positionals: [0, Number.MAX_SAFE_INTEGER],
  flags: [
    {
      name: 'listen',
      type: 'string',
      multiple: true,
      value: 'MULTIADDR',
      help: 'where peers may connect, such as /ip4/0.0.0.0/tcp/4996 (repeatable; port 0 picks one)',
    },
    {
      name: 'gateway',
      type: 'string',
      value: 'HOST:PORT',
      help: 'where HTTP is served; behind a web server: 127.0.0.1:8996, which is the default',
    },
    {
      name: 'announce',
      type: 'string',
      multiple: true,
      value: 'MULTIADDR',
      help: 'tell others these addresses alone, instead of all that are listened on (repeatable)',
    },
    FLAG_FROM,
    {
      name: 'url',
      type: 'string',
      value: 'URL',
      help: 'the public https prefix under which a web server passes requests on to the gateway',
    },
    {
      name: 'quota',
      type: 'string',
      value: 'SIZE',
      help: 'most that all archives together may take on disk, such as 10GB',
    },
    { name: 'keep', type: 'string', value: 'N', help: `releases kept of each archive (${DEFAULT_KEEP})` },
    {
      name: 'reach',
      type: 'string',
      value: 'link',
      help: 'only peers named by links, by hand, or by such peers are ever dialled; this version knows no other',
    },
    FLAG_ALLOW_PRIVATE,
  ],
  async run(context) {
    const { home, out, now, signal } = context
    const settings = daemonSettings(context)
    makeHome(home)
    const lock = await lockHome(home)
    let blocks: BlockStore | null = null
    try {
      blocks = BlockStore.open(home.blocks)
      const keeper = new Keeper(blocks, new Retention(blocks), (line) => out.note(line))
      const book = await ArchiveBook.open(new ArchiveStore(home.archives), now)
      await followGiven(context, book)
      const parts = { home, keeper, book, tell: tellOn(out), note: (line: string) => out.detail(line), now }
      const daemon = await Daemon.start(parts, settings)
      const reason = await untilStopped(signal)
      // A stop that hangs must not keep the machine from shutting down; what is on disk is safe at any moment.
      const limit = setTimeout(() => out.detail('Stopping takes too long; it is cut short.'), STOP_MS)
      await Promise.race([
        daemon.stop().then(async () => await keeper.idle()),
        new Promise((resolve) => setTimeout(resolve, STOP_MS).unref()),
      ])
      clearTimeout(limit)
      return reason instanceof InterruptError && reason.signal === 'SIGINT' ? EXIT.interrupted : EXIT.done
    } finally {
      await blocks?.close()
      await lock.release()
    }
  },
}

/** Follows the links on the command line, before anything is served. */
async function followGiven({ args, settings, out }: CommandContext, book: ArchiveBook): Promise<void> {
  for (const text of args) {
    const { address, hints: texts, name } = parseFollowable(text)
    const { hints, skipped } = chooseHints(texts, settings.isSet('allow-private'))
    for (const line of skipped) out.note(`${line}.`)
    await book.follow(
      address,
      hints.map((hint) => hint.text),
      name,
    )
  }
}

function daemonSettings({ settings, signal }: CommandContext): DaemonSettings {
  signal.throwIfAborted()
  const reach = settings.text('reach') ?? 'link'
  if (reach !== 'link')
    throw new CommandError(
      EXIT.usage,
      'usage',
      `--reach ${reach} is not known to this version.`,
      'Leave it out: "link" is all there is yet.',
    )
  const byHand = chooseHints(settings.list('from'), true)
  if (byHand.skipped[0] !== undefined) throw usageError(`--from: ${byHand.skipped[0]}.`)
  return {
    listen: settings.list('listen'),
    announce: settings.list('announce'),
    gateway: settings.text('gateway'),
    url: publicUrl(settings.text('url')),
    allowPrivate: settings.isSet('allow-private'),
    from: byHand.hints.map((hint) => hint.text),
    quota: settings.bytes('quota') ?? null,
    keep: settings.number('keep', 1) ?? DEFAULT_KEEP,
  }
}

function publicUrl(text: string | undefined): string | null {
  if (text === undefined) return null
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) throw usageError(`--url ${text} is not an https URL.`)
  return text
}

async function untilStopped(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  return signal.reason as unknown
}

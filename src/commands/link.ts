import { parseHint, scopeOfHint } from '@holdfast/network'
import { formatLink } from '@holdfast/release'
import type { ArchiveBook } from '../archives/archive-book.ts'
import { ArchiveBook as Book } from '../archives/archive-book.ts'
import type { Command } from '../command.ts'
import { FLAG_ARCHIVE } from '../flags.ts'
import { ControlClient } from '../control/control-client.ts'
import { chooseArchive, openBook } from '../publishing/maintained.ts'
import { ArchiveStore } from '../store/archive-store.ts'

export const command: Command = {
  name: 'link',
  summary: 'a link to hand out: the address of an archive and where to look for it',
  usage: '[--archive ADDRESS]',
  positionals: [0, 0],
  flags: [
    FLAG_ARCHIVE,
    {
      name: 'via',
      type: 'string',
      multiple: true,
      value: 'HINT',
      help: 'put these mirrors into the link instead of those known here (repeatable)',
    },
  ],
  async run({ settings, home, out, now }) {
    const maintained = await openBook(home, now)
    const mirrored = await Book.open(new ArchiveStore(home.archives), now)
    const wanted = settings.text('archive')
    const archive = chooseArchive(bookWith(wanted, maintained, mirrored), wanted)
    const { address, name, claimedName } = archive
    const daemon = await ControlClient.connect(home.socket)
    const own = daemon !== null && mirrored.find(address) !== null ? (await daemon.status()).multiaddrs : []
    const known = [...own, ...(maintained.find(address)?.hints ?? []), ...(mirrored.find(address)?.hints ?? [])]
    const via = settings.list('via')
    const hints = via.length > 0 ? via.map((text) => parseHint(text).text) : farthestReaching(known)
    const shownName = name ?? claimedName
    const link = formatLink({
      address,
      path: '',
      hints: hints.slice(0, MAX_HINTS),
      ...(shownName !== null && { name: shownName }),
    })
    if (hints.length === 0) out.note('No mirror of it is known here, so the link says what to look for and not where.')
    out.result({ address, link, hints }, [link])
    return undefined
  },
}

/** Hints in a link that people type or photograph: more make it long, fewer make it die with one mirror. */
const MAX_HINTS = 4

/** Where both know archives, the maintainer's own come first; an archive that is named is taken where it is. */
function bookWith(address: string | undefined, maintained: ArchiveBook, mirrored: ArchiveBook): ArchiveBook {
  if (address !== undefined) return maintained.find(address) === null ? mirrored : maintained
  return maintained.addresses().length > 0 ? maintained : mirrored
}

/** Public addresses where there are any; those of the local network, and of this machine, only when there is nothing else. */
function farthestReaching(hints: readonly string[]): string[] {
  const scopes = ['public', 'private', 'loopback'] as const
  const distinct = [...new Set(hints)]
  const byScope = scopes.map((scope) => distinct.filter((text) => scopeOfHint(parseHint(text)) === scope))
  return byScope.find((some) => some.length > 0) ?? []
}

/** A bundle moves a running mirror forward exactly as gossip does (reachability.md, rung 7). */
import { formatLink, type ReleaseInfo } from '@holdfast/release'
import type { ArchiveBook } from '../archives/archive-book.ts'
import { takeBundle, type TakenBundle } from '../bundles/take-bundle.ts'
import type { Intake } from './intake.ts'
import type { Keeper } from './keeper.ts'
import { IMPORT_SERVED_MS } from './limits.ts'

/** What an import needs of the daemon. */
export interface ImportHelp {
  book: ArchiveBook
  keeper: Keeper
  intake: Intake
  follow(link: string): Promise<unknown>
  /** The machine looks again at what is missing of a release, perhaps nothing. */
  lookAgain(release: ReleaseInfo): void
  /** Bytes that may still be stored. */
  room: number
  /** Aborted when the daemon stops. */
  stopped: AbortSignal
}

/** @returns when the release is served, or it takes longer than IMPORT_SERVED_MS @throws as takeBundle */
export async function importBundle(bundle: AsyncIterable<Uint8Array>, help: ImportHelp): Promise<TakenBundle> {
  const { book, keeper, intake, room, stopped } = help
  const taken = await takeBundle(bundle, {
    announce: async ({ address, announcement, hints }) => {
      await help.follow(formatLink({ address, path: '', hints }))
      const verdict = await intake.take(address, announcement, null, 'http')
      return { verdict, newest: book.find(address)?.verified ?? null }
    },
    hold: (release) => keeper.hold(release),
    store: keeper.blocks,
    room,
  })
  if (!taken.older) {
    help.lookAgain(taken.release)
    await served(taken, book, AbortSignal.any([stopped, AbortSignal.timeout(IMPORT_SERVED_MS)]))
  }
  return taken
}

async function served({ address, release }: TakenBundle, book: ArchiveBook, patience: AbortSignal): Promise<void> {
  while ((book.find(address)?.served?.version ?? 0) < release.version && !patience.aborted)
    await book.changed(address, patience).catch(() => {}) // Whoever asked is told what was taken all the same.
}

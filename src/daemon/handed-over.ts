/** Blocks that nobody was asked for: a publisher's upload, and a bundle, which moves a mirror exactly as gossip does. */
import { MAX_BLOCK_BYTES, readCar } from '@holdfast/dag'
import { formatLink, type ReleaseInfo } from '@holdfast/release'
import type { ArchiveBook } from '../archives/archive-book.ts'
import { takeBlocks } from '../bundles/take-blocks.ts'
import { takeBundle, type TakenBundle } from '../bundles/take-bundle.ts'
import { UploadError } from '../gateway/context.ts'
import type { Intake } from './intake.ts'
import type { Keeper } from './keeper.ts'
import { IMPORT_SERVED_MS } from './limits.ts'

/** What is needed of the daemon. */
export interface HandedOverHelp {
  book: ArchiveBook
  keeper: Keeper
  /** The machine looks again at what is missing of a release. */
  lookAgain(release: ReleaseInfo, from: string): void
  readonly now: () => Date
  /** Bytes that may still be stored. */
  room: number
  /** Aborted when the daemon stops. */
  stopped: AbortSignal
}

/**
 * Blocks of the release that was announced last.
 *
 * @param from the peer that sends them, empty for one without a name
 * @throws UploadError
 */
export async function takeUpload(
  address: string,
  car: AsyncIterable<Uint8Array>,
  from: string,
  help: HandedOverHelp,
): Promise<{ stored: number }> {
  const { book, keeper, room } = help
  const release = book.find(address)?.verified
  if (release === null || release === undefined) throw new UploadError(409, 'announce the release first')
  keeper.hold(release)
  const blocks = readCar(car, { maxBlockBytes: MAX_BLOCK_BYTES })
  const taken = await takeBlocks(release, blocks, keeper.blocks, room)
  help.lookAgain(release, from)
  return taken
}

/** @returns when the release is served, or it takes longer than IMPORT_SERVED_MS @throws as takeBundle */
export async function importBundle(
  bundle: AsyncIterable<Uint8Array>,
  help: HandedOverHelp & { intake: Intake; follow(link: string): Promise<unknown> },
): Promise<TakenBundle> {
  const { book, keeper, intake, room, stopped } = help
  const taken = await takeBundle(bundle, {
    announce: async ({ address, announcement, hints }) => {
      await help.follow(formatLink({ address, path: '', hints }))
      const verdict = await intake.take(address, announcement, null, 'http')
      return { verdict, newest: book.find(address)?.verified ?? null }
    },
    now: help.now(),
    hold: (release) => keeper.hold(release),
    store: keeper.blocks,
    room,
  })
  if (!taken.older) {
    help.lookAgain(taken.release, '')
    await served(taken, book, AbortSignal.any([stopped, AbortSignal.timeout(IMPORT_SERVED_MS)]))
  }
  return taken
}

async function served({ address, release }: TakenBundle, book: ArchiveBook, patience: AbortSignal): Promise<void> {
  while ((book.find(address)?.served?.version ?? 0) < release.version && !patience.aborted)
    await book.changed(address, patience).catch(() => {}) // Whoever asked is told what was taken all the same.
}

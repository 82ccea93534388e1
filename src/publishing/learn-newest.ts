/** A maintainer asks before signing: a home restored from an old backup must never sign a version number twice. */
import { ArchiveClient, NetworkError, reasonOf } from '@holdfast/network'
import type { ArchiveBook } from '../archives/archive-book.ts'
import { CommandError, EXIT } from '../failure.ts'
import { REACH_MIRRORS_MS } from '../limits.ts'
import type { ReachedMirror } from '../reading/mirrors.ts'

export interface Learned {
  /** Mirrors that could be asked, whether they know the archive or not. */
  asked: ReachedMirror[]
  /** Those of them that hold a release of the archive. */
  holding: ReachedMirror[]
  notes: string[]
}

/**
 * Takes over whatever newer release any mirror can prove.
 *
 * @param attempts from Mirrors.reach; those that take longer than REACH_MIRRORS_MS do not count
 */
export async function learnNewest(
  book: ArchiveBook,
  address: string,
  attempts: readonly Promise<ReachedMirror | null>[],
  signal: AbortSignal,
): Promise<Learned> {
  const learned: Learned = { asked: [], holding: [], notes: [] }
  const ask = async (attempt: Promise<ReachedMirror | null>): Promise<void> => {
    const mirror = await attempt
    if (mirror === null) return
    try {
      const answer = await new ArchiveClient(mirror.carrier).announcement(address, undefined, signal)
      if (answer !== null && answer !== 'same') {
        learned.holding.push(mirror)
        const verdict = await book.submit(address, answer.bytes, mirror.carrier)
        if (verdict.outcome === 'reject')
          learned.notes.push(`${mirror.carrier.name} holds something that does not verify: ${verdict.reason}`)
        if (verdict.outcome === 'accept') learned.notes.push(...verdict.warnings.map(({ message }) => message))
        if (verdict.outcome === 'accept' && verdict.newRelease)
          learned.notes.push(`learned release ${verdict.release.version} from ${mirror.carrier.name}`)
      }
      learned.asked.push(mirror)
    } catch (error) {
      if (!(error instanceof NetworkError) || error.code === 'cancelled') throw error
      learned.notes.push(reasonOf(error))
    }
  }
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(() => late.resolve(), REACH_MIRRORS_MS)
  await Promise.race([Promise.all(attempts.map(ask)), late.promise])
  clearTimeout(timer)
  signal.throwIfAborted()
  return { asked: [...learned.asked], holding: [...learned.holding], notes: [...learned.notes] }
}

/**
 * A maintainer whose archive is known to mirrors, none of which answers, cannot know what the newest release is.
 *
 * @param knownHints mirrors that held a release of it before
 * @throws CommandError 'nobody-reachable' (3)
 */
export function requireKnowledge(knownHints: readonly string[], asked: readonly ReachedMirror[]): void {
  if (knownHints.length === 0 || asked.length > 0) return
  throw new CommandError(
    EXIT.notFound,
    'nobody-reachable',
    `None of the ${knownHints.length} mirrors that hold this archive can be reached, so nobody can tell whether a newer release exists; nothing was signed.`,
    'Name another mirror with --to. If you are sure that yours is the newest release, add --unseen.',
  )
}

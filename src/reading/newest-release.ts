/** Finds the newest release that any reachable mirror can prove, from nothing but the address. */
import { ArchiveClient, NetworkError, reasonOf } from '@holdfast/network'
import type { ReleaseInfo, Warning } from '@holdfast/release'
import type { Fork } from '../archives/archive-book.ts'
import { forkIn } from '../archives/fork-in.ts'
import { judgeAnnouncement, type KnownState } from '../archives/judge-announcement.ts'
import { SLOWER_MIRRORS_MS } from '../limits.ts'
import type { Mirrors, ReachedMirror } from './mirrors.ts'

export interface Newest {
  /** What is verified so far; the state given when nobody had anything newer. */
  state: KnownState
  release: ReleaseInfo | null
  warnings: Warning[]
  /** Mirrors that answered about this archive. */
  answered: ReachedMirror[]
  /** Proven forks that any mirror told of, one for each version. */
  forks: Fork[]
  /** What mirrors said that does not verify, a sentence each. */
  lies: string[]
}

/**
 * Asks all mirrors at once. Once one has answered with a release that verifies, the others have SLOWER_MIRRORS_MS more.
 *
 * @param known what is held already: nobody can lead back behind it
 * @param attempts from Mirrors.reach
 */
export async function findNewest(
  known: { state: KnownState; release: ReleaseInfo | null },
  attempts: readonly Promise<ReachedMirror | null>[],
  mirrors: Mirrors,
  o: { allowPrivate: boolean; now: Date; signal: AbortSignal },
): Promise<Newest> {
  const newest: Newest = { ...known, warnings: [], answered: [], forks: [], lies: [] }
  const { address } = known.state
  const enough = Promise.withResolvers<void>()
  let timer: NodeJS.Timeout | undefined
  // One verdict after the other: each builds on the state that the one before left.
  let judging: Promise<void> = Promise.resolve()

  const ask = async (attempt: Promise<ReachedMirror | null>): Promise<void> => {
    const mirror = await attempt
    if (mirror === null) return
    try {
      const answer = await new ArchiveClient(mirror.carrier).announcement(address, undefined, o.signal)
      if (answer === null || answer === 'same') return
      judging = judging.then(async () => await judge(newest, mirror, answer.bytes, o))
      await judging
      await learnForks(newest, mirror, o.signal)
      if (newest.answered.includes(mirror)) timer ??= setTimeout(() => enough.resolve(), SLOWER_MIRRORS_MS)
      const more = await mirrors.reachMore(mirror, address, o.allowPrivate)
      await Promise.all(more.map(ask))
    } catch (error) {
      // A mirror that answered once and then fails stays a source; any other simply does not count.
      if (!(error instanceof NetworkError)) throw error
      if (error.code === 'lied' || error.code === 'too-large') newest.lies.push(reasonOf(error))
    }
  }
  await Promise.race([Promise.all(attempts.map(ask)), enough.promise])
  clearTimeout(timer)
  o.signal.throwIfAborted()
  await judging
  return { ...newest, answered: [...newest.answered] }
}

/** A fork is shown by whoever knows of it; the proof is checked here, so nobody can make one up. */
async function learnForks(newest: Newest, { carrier }: ReachedMirror, signal: AbortSignal): Promise<void> {
  const { address } = newest.state
  const proof = await new ArchiveClient(carrier).fork(address, signal)
  const fork = proof === null ? null : await forkIn(proof)
  if (fork === null || fork.address !== address) return
  if (newest.forks.every(({ version }) => version !== fork.version)) newest.forks.push(fork)
}

async function judge(
  newest: Newest,
  mirror: ReachedMirror,
  bytes: Uint8Array,
  o: { now: Date; signal: AbortSignal },
): Promise<void> {
  const verdict = await judgeAnnouncement(newest.state, bytes, o.now, mirror.carrier, o.signal)
  if (verdict.outcome === 'reject') {
    newest.lies.push(
      `${mirror.carrier.name} answered with something that does not verify: ${verdict.reason} (${verdict.code})`,
    )
    return
  }
  newest.answered.push(mirror)
  if (verdict.outcome !== 'accept') return
  newest.state = verdict.state
  newest.release = verdict.release
  newest.warnings = verdict.warnings
}

/** Releases before the newest: their signed targets, from here or from mirrors, and the chain that ties them together. */
import { ArchiveClient, NetworkError } from '@holdfast/network'
import { openPastRelease, type ReleaseInfo, type TrustedState } from '@holdfast/release'
import type { ArchiveStore } from '../store/archive-store.ts'
import type { ReachedMirror } from './mirrors.ts'

/** @returns targets metadata, verbatim and not verified; null when nobody who was reached has it */
export async function pastTargets(
  address: string,
  version: number,
  held: ArchiveStore,
  mirrors: readonly ReachedMirror[],
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const own = await held.pastTargets(address, version)
  if (own !== null) return own
  for (const { carrier } of mirrors) {
    try {
      const targets = await new ArchiveClient(carrier).metadata(address, `${version}.targets.json`, signal)
      if (targets !== null) return targets
    } catch (error) {
      if (!(error instanceof NetworkError) || error.code === 'cancelled') throw error
    }
  }
  return null
}

/**
 * Walks back from the newest release; each names the hash of the one before, so none can be put in or left out.
 *
 * @param targets from pastTargets
 * @yields releases, newest first; ends where nobody has the one before, and says so by a last null
 */
export async function* releasesBack(
  state: TrustedState,
  newest: ReleaseInfo,
  targets: (version: number) => Promise<Uint8Array | null>,
): AsyncGenerator<ReleaseInfo | null> {
  yield newest
  let { previous, version } = newest
  while (version > 1) {
    version--
    const bytes = await targets(version)
    const opened = bytes === null ? null : await openPastRelease(state, bytes)
    // New keys sign the newest release anew, so only where the keys stayed does the hash have to fit.
    const linked =
      opened?.ok === true && (previous === null || opened.release.targetsHash === previous || state.roots.length > 1)
    if (opened === null || !opened.ok || !linked) {
      yield null
      return
    }
    yield opened.release
    ;({ previous } = opened.release)
  }
}

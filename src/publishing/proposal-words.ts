/** A proposal in words, and what is odd about it. */
import type { JudgedProposal } from '@holdfast/release'
import { CLOCK_TOLERANCE_MS } from '@holdfast/release'
import type { ReleaseInfo } from '@holdfast/release'
import { counted, formatBytes } from '../figures.ts'
import type { Difference } from './maintained.ts'

/** @returns lines that say what signing it would do */
export function proposalInWords(judged: JudgedProposal): string[] {
  const { kind, version, before, after, release, signers, lacking } = judged
  const what = {
    archive: `A new archive "${after.name}".`,
    root: `New keys, version ${version}, for "${after.name}".`,
    release: `Release ${version} of "${after.name}": ${release?.message ?? ''}`,
  }[kind]
  const keys = kind === 'release' ? [] : keyChanges(before?.maintainers ?? [], after.maintainers)
  const threshold =
    before?.threshold === after.threshold
      ? []
      : [`  ${after.threshold} of ${after.maintainers.length} must sign from then on.`]
  return [
    what,
    ...(release === null
      ? []
      : [
          `  ${release.cid}`,
          `  ${counted(release.files, 'file')}, ${formatBytes(release.size)}, dated ${release.published}`,
        ]),
    ...keys,
    ...(kind === 'release' ? [] : threshold),
    ...(kind !== 'release' && after.heartbeat !== null ? [`  heartbeat key: ${after.heartbeat}`] : []),
    `  Signed by ${counted(signers.length, 'maintainer')}; ${lacking === 0 ? 'that is enough' : `${lacking} more needed`}.`,
  ]
}

function keyChanges(before: readonly string[], after: readonly string[]): string[] {
  return [
    ...after.filter((key) => !before.includes(key)).map((key) => `  + ${key}`),
    ...before.filter((key) => !after.includes(key)).map((key) => `  - ${key}`),
  ]
}

/**
 * What an honest proposal seldom has.
 *
 * @param newest the newest release known here, null for none
 * @param difference against it, null when nobody can tell
 * @param filesBefore of the newest release
 */
export function oddities(
  judged: JudgedProposal,
  newest: ReleaseInfo | null,
  difference: Difference | null,
  now: Date,
): string[] {
  const { release, version } = judged
  const odd: string[] = []
  if (release === null) return odd
  if (newest !== null && release.previous !== newest.targetsHash)
    odd.push(`it does not follow release ${newest.version}, the newest known here`)
  if (newest === null && version > 1) odd.push(`release ${version - 1}, which it follows, is not known here`)
  const away = Date.parse(release.published) - now.getTime()
  if (Math.abs(away) > CLOCK_TOLERANCE_MS + HOUR_MS)
    odd.push(`it is dated ${release.published}, ${away > 0 ? 'ahead of' : 'long before'} this clock`)
  if (difference !== null && newest !== null && difference.removed.length * 2 > newest.files) {
    odd.push(`it removes ${difference.removed.length} of ${newest.files} files`)
  }
  if (newest !== null && newest.cid.equals(release.cid)) odd.push('it has the very content of the release before')
  return odd
}

/** Signed times are rounded down to the hour. */
const HOUR_MS = 60 * 60 * 1000

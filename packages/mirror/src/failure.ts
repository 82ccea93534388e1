/** What a failure means, and what people are told of it. */
import type { Wanted } from './archive.ts'
import type { Report, ReportCode } from './effects.ts'

/** As the performer reports it. */
export interface Failure {
  code: string
  /** For people. */
  reason: string
}

export type Finding = Pick<Report, 'code' | 'level' | 'message'>

/** Codes of failures that only people can end. */
const SLOW_CODES = new Map<string, ReportCode>([
  ['disk-full', 'no-room'],
  ['quota', 'no-room'],
  ['retracted', 'refused'],
  ['too-large', 'refused'],
])

export function isSlow(code: string): boolean {
  return SLOW_CODES.has(code)
}

/**
 * @param wanted after the failure was counted
 * @param during which of the two steps failed
 * @param hasHolder whether a peer claims to hold the release
 * @returns null when that is no news yet
 */
export function findingOf(
  { release, failures }: Wanted,
  { code, reason }: Failure,
  during: 'fetching' | 'pinning',
  hasHolder: boolean,
): Finding | null {
  const what = `release ${release.version}`
  const slow = SLOW_CODES.get(code)
  if (slow !== undefined) {
    return { code: slow, level: 'warning', message: `${what} cannot be kept, what is served stays: ${reason}` }
  }
  if (during === 'pinning') {
    return { code: 'not-stored', level: 'warning', message: `${what} could not be pinned: ${reason}` }
  }
  // Right after a start nobody is connected yet.
  if (failures === 1) return null
  if (!hasHolder) return { code: 'waiting', level: 'info', message: `nobody in reach holds ${what}: ${reason}` }
  return {
    code: 'failing',
    level: 'warning',
    message: `${what} cannot be had from those who say they hold it: ${reason}`,
  }
}

/** How long to wait before trying again. */
import { JITTER, RETRY_MAX_MS, RETRY_MIN_MS, SLOW_RETRY_MS } from './limits.ts'

/** @returns that many milliseconds, or up to the part JITTER less */
export function jittered(ms: number, random: () => number): number {
  return Math.round(ms * (1 - JITTER * random()))
}

/**
 * @param failures how often it failed, from 1 on
 * @param slow when only people can help
 * @returns milliseconds
 */
export function pauseAfter(failures: number, slow: boolean, random: () => number): number {
  const doubled = RETRY_MIN_MS * 2 ** Math.min(failures - 1, 30)
  return jittered(slow ? SLOW_RETRY_MS : Math.min(doubled, RETRY_MAX_MS), random)
}

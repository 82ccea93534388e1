const HOUR_MS = 60 * 60 * 1000

/**
 * A signed time tells the world when its maintainer was at work, to be compared with what a network operator saw at that
 * moment (reachability.md: "times rounded").
 *
 * @returns the beginning of the hour
 */
export function roundedTime(now: Date): Date {
  return new Date(Math.floor(now.getTime() / HOUR_MS) * HOUR_MS)
}

/** How far an archive can be trusted to be up to date. Never a reason to withhold it (trust.md, "Freshness"). */
import { isRealDate } from './shapes.ts'
import type { Signed } from './metadata.ts'
import { ReleaseError } from './errors.ts'
import { Refusal } from './refusal.ts'

/**
 * `fresh`: somebody who may speak for the archive did so recently. `stale`: nobody did. `possibly-frozen`: nobody did and
 * no peer can be reached, so somebody may be holding news back.
 */
export type Freshness = 'fresh' | 'stale' | 'possibly-frozen'

/**
 * @param expires RFC 3339 date, as in ReleaseInfo.expires
 * @param peersReachable whether any other holder of the archive answered lately
 * @throws ReleaseError 'bad-argument' when `expires` is not a date
 */
export function gradeFreshness(expires: string, now: Date, peersReachable: boolean): Freshness {
  if (!isRealDate(expires)) throw new ReleaseError('bad-argument', `not a date: ${expires}`)
  if (!hasExpired(expires, now)) return 'fresh'
  return peersReachable ? 'stale' : 'possibly-frozen'
}

/** Whether a date in RFC 3339 has been reached (TUF 5.3.10: expired once the time is not before it). */
export function hasExpired(expires: string, now: Date): boolean {
  return now.getTime() >= Date.parse(expires)
}

/** @returns the earliest of the roles' dates: with ours always the timestamp's, with others' perhaps not */
export function firstExpiry(roles: readonly Signed[]): string {
  // All have the one form YYYY-MM-DDTHH:MM:SSZ, so they sort as text.
  return roles.map((role) => role.expires).reduce((first, next) => (next < first ? next : first))
}

/** @throws Refusal 'expired', for callers who want TUF to the letter */
export function forbidExpired(role: Signed, what: string, now: Date): void {
  // TUF 5.3.10, 5.4.4, 5.5.6, 5.6.5: freeze attack.
  if (hasExpired(role.expires, now)) throw new Refusal('expired', `${what} expired on ${role.expires}`)
}

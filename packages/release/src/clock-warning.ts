/** Two clocks that disagree: either may be wrong, so it is said and never held against the archive. */
import { OUR_FIELDS } from './archive-root.ts'
import { CLOCK_TOLERANCE_MS } from './limits.ts'
import type { Timestamp } from './metadata.ts'
import { isRealDate, type JsonObject } from './shapes.ts'
import type { VerifiedRoles } from './trusted-state.ts'

/** Something to show to people beside an accepted release. */
export interface Warning {
  /** `clock`: a date lies in our future. `other-branch`: the release does not follow the one held. */
  code: 'clock' | 'other-branch'
  message: string
}

/**
 * TUF metadata says when it ends, not when it was made: ours says so in a field that TUF clients pass over.
 *
 * @param date RFC 3339, the moment of signing by the signer's clock
 */
export function issuedField(date: string): JsonObject {
  return { [OUR_FIELDS]: { issued: date } }
}

/** @returns a warning for each date that lies more than CLOCK_TOLERANCE_MS ahead of `now` */
export function clockWarnings(roles: VerifiedRoles, now: Date): Warning[] {
  const dates: [string, string | null][] = [
    [`release ${roles.targets.signed.version}`, roles.release.published],
    [`timestamp ${roles.timestamp.signed.version}`, issuedAt(roles.timestamp.signed)],
  ]
  return dates
    .filter(([, date]) => date !== null && Date.parse(date) > now.getTime() + CLOCK_TOLERANCE_MS)
    .map(([what, date]) => ({
      code: 'clock',
      message: `${what} is dated ${date}, after this clock: one of the two is wrong`,
    }))
}

function issuedAt(timestamp: Timestamp): string | null {
  const ours = timestamp.raw[OUR_FIELDS]
  const issued = typeof ours === 'object' && ours !== null && !Array.isArray(ours) ? ours['issued'] : undefined
  return typeof issued === 'string' && isRealDate(issued) ? issued : null
}

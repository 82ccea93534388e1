/** A clock that cannot be right beside signed dates: named, and never a reason to withhold what was verified. */
import type { ReleaseInfo, Warning } from '@holdfast/release'

const DAY_MS = 86_400_000
const YEAR_DAYS = 365.25

/**
 * @param warnings of the verifier, which name dates in the future of this clock
 * @returns sentences without a full stop; none for a release that is fresh and a clock that fits
 */
export function clocksInWords({ expires }: ReleaseInfo, warnings: readonly Warning[], now: Date): string[] {
  const days = Math.floor((now.getTime() - Date.parse(expires)) / DAY_MS)
  const sentences = warnings.map(({ message }) => message)
  if (now.getTime() >= Date.parse(expires)) {
    const late = days < 2 * YEAR_DAYS ? `${Math.max(1, days)} days` : `${Math.round(days / YEAR_DAYS)} years`
    sentences.push(
      `The maintainers' newest word was good until ${expires}, ${late} before this clock (${now.toISOString().slice(0, 10)}): nobody has renewed it, or it did not come here, or this clock is wrong`,
    )
  }
  return sentences
}

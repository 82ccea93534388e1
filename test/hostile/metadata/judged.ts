import { verifyAnnouncement, type Announcement, type TrustedState } from '@holdfast/release'

/**
 * The verdict in one word, which most attacks are about: `accept`, else the code.
 *
 * @param state what the victim holds
 */
export async function judged(
  state: TrustedState | { address: string; roots: [] },
  announcement: Announcement | Uint8Array,
  now: Date,
): Promise<string> {
  const verdict = await verifyAnnouncement(state, announcement, now)
  return verdict.outcome === 'accept' ? 'accept' : verdict.code
}

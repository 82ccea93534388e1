/** One verdict on an announcement, fetching roots that did not fit into it from whoever sent it. */
import { ArchiveClient, type Carrier } from '@holdfast/network'
import {
  parseAnnouncement,
  verifyAnnouncement,
  type Announcement,
  type TrustedState,
  type Verdict,
} from '@holdfast/release'

/** What is known of an archive before or after its first root came. */
export type KnownState = TrustedState | { address: string; roots: [] }

/** Longest gap in a chain of roots that is filled from one sender: as many as the verifier takes (TUF 5.3.3 asks for a limit). */
const MAX_FETCHED_ROOTS = 1024

/**
 * @param announcement from anybody
 * @param sender asked for roots that are lacking; null when nobody can be asked
 * @returns the verifier's verdict; nothing is stored
 */
export async function judgeAnnouncement(
  state: KnownState,
  announcement: Announcement | Uint8Array,
  now: Date,
  sender: Carrier | null,
  signal?: AbortSignal,
): Promise<Verdict> {
  const verdict = await verifyAnnouncement(state, announcement, now)
  if (verdict.outcome !== 'reject' || verdict.firstMissingRoot === undefined || sender === null) return verdict
  const parsed =
    announcement instanceof Uint8Array ? parseAnnouncement(announcement) : { ok: true as const, announcement }
  if (!parsed.ok) return verdict
  const missing = await fetchRoots(
    state.address,
    verdict.firstMissingRoot,
    parsed.announcement.roots[0],
    sender,
    signal,
  )
  if (missing.length === 0) return verdict
  return await verifyAnnouncement(
    state,
    { ...parsed.announcement, roots: [...missing, ...parsed.announcement.roots] },
    now,
  )
}

/** Roots from one version on, up to the first that the sender lacks or that the announcement brings itself. */
async function fetchRoots(
  address: string,
  first: number,
  announced: Uint8Array | undefined,
  sender: Carrier,
  signal?: AbortSignal,
): Promise<Uint8Array[]> {
  const client = new ArchiveClient(sender)
  const roots: Uint8Array[] = []
  while (roots.length < MAX_FETCHED_ROOTS) {
    const root = await client.metadata(address, `${first + roots.length}.root.json`, signal)
    if (root === null || (announced !== undefined && Buffer.compare(root, announced) === 0)) break
    roots.push(root)
  }
  return roots
}

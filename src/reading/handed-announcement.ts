/** Metadata in a file that somebody handed over: which release it proves and who signed, or which fork. */
import {
  gradeFreshness,
  parseAnnouncement,
  parseForkProof,
  verifyAnnouncement,
  verifyForkProof,
  type Announcement,
  type Freshness,
  type ReleaseInfo,
  type Verdict,
} from '@holdfast/release'
import { forkInWords } from '../archives/fork-in.ts'
import { judgeAnnouncement, type KnownState } from '../archives/judge-announcement.ts'
import { clocksInWords } from './clocks-in-words.ts'

export type HandedMetadata =
  | { ok: true; kind: 'release'; release: ReleaseInfo; freshness: Freshness; notes: string[] }
  | { ok: true; kind: 'fork'; version: number; cids: readonly string[]; notes: string[] }
  | { ok: false; problem: string; notes: string[] }

/** What this home holds of the archive: it may know newer keys and newer releases. */
export interface HeldArchive {
  state: KnownState
  release: ReleaseInfo | null
  /** A release of the past, verified; null when this home has not kept it. */
  kept(version: number): Promise<ReleaseInfo | null>
}

/** @param bytes from anybody */
export async function judgeHanded(
  bytes: Announcement | Uint8Array,
  held: HeldArchive,
  now: Date,
): Promise<HandedMetadata> {
  if (bytes instanceof Uint8Array && parseForkProof(bytes).ok) return await judgeFork(bytes, held.state.address)
  const notes: string[] = []
  const byAllWeKnow = await judgeAnnouncement(held.state, bytes, now, null)
  const verdict = byAllWeKnow.outcome === 'ignore' ? await judgeAlone(bytes, held.state, now) : byAllWeKnow
  if (verdict.outcome !== 'accept') {
    return { ok: false, problem: `it does not verify: ${verdict.reason} (${verdict.code})`, notes }
  }
  const { release, warnings } = verdict
  if (byAllWeKnow.outcome === 'ignore' && held.release !== null) {
    const doubt = await doubtPast(bytes, release, held, now)
    if (doubt !== null) return { ok: false, problem: doubt, notes }
    if (byAllWeKnow.code === 'older')
      notes.push(`This home knows newer metadata of the archive, up to release ${held.release.version}`)
  }
  notes.push(...clocksInWords(release, warnings, now))
  return { ok: true, kind: 'release', release, freshness: gradeFreshness(release.expires, now, false), notes }
}

/** By the keys of its own time: what a home that knows more passes over may still be a true word of the past. */
async function judgeAlone(
  bytes: Announcement | Uint8Array,
  { address, roots }: KnownState,
  now: Date,
): Promise<Verdict> {
  const parsed = bytes instanceof Uint8Array ? parseAnnouncement(bytes) : { ok: true as const, announcement: bytes }
  if (!parsed.ok) return { outcome: 'reject', code: parsed.code, reason: parsed.reason }
  const { announcement } = parsed
  const first = announcement.roots[0]
  const before = roots.findIndex((root) => first !== undefined && Buffer.compare(root, first) === 0)
  const whole = { ...announcement, roots: [...roots.slice(0, Math.max(0, before)), ...announcement.roots] }
  return await verifyAnnouncement({ address, roots: [] }, whole, now)
}

/**
 * A key that was taken away can still sign another release of the past. So an older release has to be the one that was kept
 * here, or to be signed by keys that count today.
 *
 * @returns why it is not believed; null when it is
 */
async function doubtPast(
  bytes: Announcement | Uint8Array,
  past: ReleaseInfo,
  held: HeldArchive,
  now: Date,
): Promise<string | null> {
  const { version, cid } = past
  const kept = held.release?.version === version ? held.release : await held.kept(version)
  if (kept !== null) {
    return kept.cid.equals(cid) ? null : `another release ${version} is known here, with the root ${kept.cid}`
  }
  const { address, roots } = held.state
  const today = await verifyAnnouncement({ address, roots }, bytes, now)
  if (today.outcome === 'accept') return null
  return `it is signed by keys that were taken away since, and release ${version} was not kept here to compare with`
}

async function judgeFork(bytes: Uint8Array, address: string): Promise<HandedMetadata> {
  const parsed = parseForkProof(bytes)
  const verdict = parsed.ok ? await verifyForkProof(parsed.proof) : parsed
  if (!verdict.ok) return { ok: false, problem: `it proves no fork: ${verdict.reason} (${verdict.code})`, notes: [] }
  if (verdict.address !== address) return { ok: false, problem: `it is about ${verdict.address}`, notes: [] }
  const { version, first, second } = verdict
  const cids = [first.cid.toString(), second.cid.toString()] as const
  return { ok: true, kind: 'fork', version, cids, notes: [forkInWords({ version, cids, proof: bytes })] }
}

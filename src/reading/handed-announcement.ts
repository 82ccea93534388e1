/** Metadata in a file that somebody handed over: which release it proves and who signed, or which fork. */
import {
  gradeFreshness,
  parseAnnouncement,
  parseForkProof,
  verifyAnnouncement,
  verifyForkProof,
  type Freshness,
  type ReleaseInfo,
  type Verdict,
} from '@holdfast/release'
import { forkInWords } from '../archives/fork-in.ts'
import { judgeAnnouncement, type KnownState } from '../archives/judge-announcement.ts'
import { clocksInWords } from './clocks-in-words.ts'

export type HandedMetadata =
  | { ok: true; kind: 'release'; release: ReleaseInfo; freshness: Freshness; notes: string[] }
  | { ok: true; kind: 'fork'; version: number; cids: string[]; notes: string[] }
  | { ok: false; problem: string; notes: string[] }

/**
 * @param bytes from anybody
 * @param held what this home holds of the archive: it may know newer keys and newer releases
 */
export async function judgeHanded(
  bytes: Uint8Array,
  held: { state: KnownState; release: ReleaseInfo | null },
  now: Date,
): Promise<HandedMetadata> {
  if (parseForkProof(bytes).ok) return await judgeFork(bytes, held.state.address)
  const notes: string[] = []
  let verdict = await judgeAnnouncement(held.state, bytes, now, null)
  if (verdict.outcome === 'ignore') {
    if (verdict.code === 'older' && held.release !== null) {
      notes.push(`This home knows newer metadata of the archive, up to release ${held.release.version}`)
    }
    verdict = await judgeAlone(bytes, held.state, now)
  }
  if (verdict.outcome !== 'accept') return { ok: false, problem: inWords(verdict), notes }
  const { release, warnings } = verdict
  notes.push(...clocksInWords(release, warnings, now))
  return { ok: true, kind: 'release', release, freshness: gradeFreshness(release.expires, now, false), notes }
}

/** By the keys of its own time: what a home that knows more passes over may still be a true word of the past. */
async function judgeAlone(bytes: Uint8Array, { address, roots }: KnownState, now: Date): Promise<Verdict> {
  const parsed = parseAnnouncement(bytes)
  if (!parsed.ok) return { outcome: 'reject', code: parsed.code, reason: parsed.reason }
  const { announcement } = parsed
  const first = announcement.roots[0]
  const before = roots.findIndex((root) => first !== undefined && Buffer.compare(root, first) === 0)
  const whole = { ...announcement, roots: [...roots.slice(0, Math.max(0, before)), ...announcement.roots] }
  return await verifyAnnouncement({ address, roots: [] }, whole, now)
}

async function judgeFork(bytes: Uint8Array, address: string): Promise<HandedMetadata> {
  const parsed = parseForkProof(bytes)
  const verdict = parsed.ok ? await verifyForkProof(parsed.proof) : parsed
  if (!verdict.ok) return { ok: false, problem: `it proves no fork: ${verdict.reason} (${verdict.code})`, notes: [] }
  if (verdict.address !== address) return { ok: false, problem: `it is about ${verdict.address}`, notes: [] }
  const { version, first, second } = verdict
  const cids = [first.cid.toString(), second.cid.toString()]
  return { ok: true, kind: 'fork', version, cids, notes: [forkInWords({ address, version, cids, proof: bytes })] }
}

function inWords(verdict: Exclude<Verdict, { outcome: 'accept' }>): string {
  return `it does not verify: ${verdict.reason} (${verdict.code})`
}

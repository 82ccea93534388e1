/** The product's own way in, verifyAnnouncement, beside a stock tuf-js that starts from the same state and is strict too. */
import { verifyAnnouncement, type Announcement, type TrustedState, type Verdict } from '@holdfast/release'
import type { Statement } from './forgery.ts'
import type { Difference, Seen } from './tuf-differences.ts'
import type { TufJudgement } from './tuf-judges.ts'
import { addressOf } from './tuf-repository.ts'

/** tuf-js is given each root by its version; of those in an announcement we pass over what we hold. */
const ROOT_VERSION = /^BadVersionError: Expected version/

/** @returns what somebody knows who has nothing but the address of an archive that begins with this root */
export function stateBefore(firstRoot: Uint8Array): TrustedState & { roots: [] } {
  return { address: addressOf(firstRoot), roots: [] }
}

/**
 * @returns what a mirror would announce that serves these files, and how they are called; null when it could not put an
 *   announcement together
 */
export function announcementFrom(
  served: ReadonlyMap<string, Uint8Array>,
  firstRoot: Uint8Array,
  held: readonly Uint8Array[],
): { announcement: Announcement; files: string[] } | null {
  const roots = held.length === 0 ? [firstRoot] : [...held]
  const files: string[] = []
  const take = (name: string): Uint8Array | undefined => {
    files.push(name)
    return served.get(name)
  }
  const nextRoot = (): Uint8Array | undefined => take(`${roots.length + 1}.root.json`)
  for (let next = nextRoot(); next; next = nextRoot()) roots.push(next)
  try {
    const consistent: boolean = statementIn(roots.at(-1)).consistent_snapshot === true
    const fileOf = (role: string, by: Uint8Array | undefined): Uint8Array | undefined => {
      const name = `${role}.json`
      return take(consistent ? `${statementIn(by).meta[name].version}.${name}` : name)
    }
    const timestamp = take('timestamp.json')
    const snapshot = fileOf('snapshot', timestamp)
    const targets = fileOf('targets', snapshot)
    return timestamp && snapshot && targets ? { announcement: { roots, timestamp, snapshot, targets }, files } : null
  } catch {
    return null // Not JSON, or no record inside: a mirror that cannot read it does not announce it.
  }
}

/** @returns the verdict, by the letter of TUF, and the same in the words of a client's judgement */
export async function judgeAnnouncement(
  state: TrustedState,
  { announcement, files }: { announcement: Announcement; files: string[] },
  now: Date,
): Promise<{ verdict: Verdict; judgement: TufJudgement }> {
  const verdict = await verifyAnnouncement(state, announcement, now, { strict: true })
  const took = verdict.outcome === 'accept' ? verdict.state : state
  const isFine = verdict.outcome === 'accept' || verdict.code === 'known'
  const reason = verdict.outcome === 'accept' ? '' : `${verdict.code}: ${verdict.reason}`
  const trusted = new Map([...trustedBy(took)].map(([role, bytes]) => [role, Buffer.from(bytes)]))
  return { verdict, judgement: { outcome: isFine ? 'ok' : 'refused', reason, trusted, asked: files, target: null } }
}

/** @returns the state as another client would have it in its folder */
export function trustedBy(
  { roots, timestamp, snapshot, targets }: TrustedState,
  firstRoot?: Uint8Array,
): Map<string, Uint8Array> {
  const root = roots.at(-1) ?? firstRoot
  const files = Object.entries({ root, timestamp, snapshot, targets })
  return new Map(files.filter((file): file is [string, Uint8Array] => file[1] !== undefined))
}

/** An announcement is taken whole or not at all, so of a refusal only that it is one is compared. */
export function isSameVerdict(ours: TufJudgement, theirs: TufJudgement): boolean {
  if (ours.outcome !== theirs.outcome) return false
  return (
    ours.outcome === 'refused' || [...ours.trusted].every(([role, bytes]) => theirs.trusted.get(role)?.equals(bytes))
  )
}

/** What the profile asks beyond TUF (trust.md), or what a mirror does otherwise than a client that fetches file by file. */
export const PROFILE_DIFFERENCES: readonly Difference[] = [
  refused('first-release-stays', /^fork: /),
  refused('release-goes-back', /^rollback-targets: release /),
  refused('no-release-inside', /^bad-release: /),
  refused('another-archive', /^wrong-archive: /),
  refused('no-name', /^bad-format: (?:(?:root\.)?holdfast|the name)/),
  { name: 'timestamp-tie', explains: timestampTie },
  { name: 'whole-announcement', explains: judgedWhole },
  { name: 'root-repeated', explains: ({ ours, theirs }) => ours.outcome === 'ok' && ROOT_VERSION.test(theirs.reason) },
  {
    name: 'held-and-expired',
    explains: ({ ours, theirs }) => ours.reason.startsWith('known: ') && theirs.reason.includes('expired'),
  },
]

function refused(name: string, reason: RegExp): Difference {
  return { name, explains: ({ ours }) => reason.test(ours.reason) }
}

/** Two timestamps of one version: we take the one that leads to a newer release and refuse one that leads back; tuf-js passes over both. */
function timestampTie({ given, ours, theirs }: Seen): boolean {
  // The tie itself never has to do with who signed: what we take, tuf-js must not have refused for its signatures.
  if (ours.outcome === 'ok' && theirs.reason.includes('was signed by')) return false
  const [held, offered] = [given.trusted.get('timestamp'), given.served.get('timestamp.json')]
  if (held === undefined || offered === undefined) return false
  return statementIn(held).version === statementIn(offered).version && !Buffer.from(held).equals(offered)
}

/** We judge all that was announced; tuf-js, which holds a file of the version that is listed, never looks at the other one. */
function judgedWhole({ given, theirs }: Seen): boolean {
  return (
    theirs.outcome === 'ok' &&
    ['snapshot', 'targets'].some(
      (role) => given.trusted.has(role) && !theirs.asked.some((name) => name.endsWith(`${role}.json`)),
    )
  )
}

function statementIn(bytes: Uint8Array | undefined): Statement {
  return JSON.parse(Buffer.from(bytes ?? []).toString()).signed
}

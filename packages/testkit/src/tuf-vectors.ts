/** Disagreements as small JSON files, complete in themselves: packages/release/test/vectors. */
import type { TrustedState } from '@holdfast/release'
import { announcementFrom, judgeAnnouncement } from './announcement-judge.ts'
import type { Comparison, Finding } from './tuf-differential.ts'
import { judgeWithOurs, type StockClient, type TufCase, type TufJudgement } from './tuf-judges.ts'

/** UTF-8 text; base64 for what is no UTF-8. */
type Packed = string | { base64: string }

export interface TufVector {
  /** As docs/decisions/010-tuf-differences.md calls it. */
  difference: string
  comparison: Comparison
  now: string
  path: string | null
  trusted: { [role: string]: Packed }
  served: { [file: string]: Packed }
  /** With 'announcement': what was held. */
  state?: { address: string; roots: Packed[]; timestamp?: Packed; snapshot?: Packed; targets?: Packed }
  ours: Verdict
  tufJs: Verdict
}

interface Verdict {
  outcome: string
  /** Ours in the words of the code, theirs in their own. */
  reason: string
  target: string | null
}

/** @returns all that is needed to see this disagreement again */
export function packFinding({ difference, comparison, given, ours, theirs, state }: Finding): TufVector {
  const names = new Set([...ours.asked, ...theirs.asked])
  const served = [...given.served].filter(([name]) => names.has(name))
  return {
    difference: difference ?? 'unexplained',
    comparison,
    now: given.now.toISOString(),
    path: given.path,
    trusted: Object.fromEntries([...given.trusted].map(([role, bytes]) => [role, pack(bytes)])),
    served: Object.fromEntries(served.map(([name, bytes]) => [name, pack(bytes)])),
    ...(comparison === 'announcement' && state ? { state: packState(state) } : {}),
    ours: { outcome: ours.outcome, reason: ours.reason, target: ours.target },
    tufJs: { outcome: theirs.outcome, reason: theirs.reason, target: theirs.target },
  }
}

/** @returns what the clients are confronted with, and for announcements what was held */
function unpackVector(vector: TufVector): { given: TufCase; state: TrustedState | null } {
  const files = (packed: { [name: string]: Packed }): Map<string, Uint8Array> =>
    new Map(Object.entries(packed).map(([name, value]) => [name, unpack(value)]))
  const given = {
    trusted: files(vector.trusted),
    served: files(vector.served),
    now: new Date(vector.now),
    path: vector.path,
  }
  if (vector.state === undefined) return { given, state: null }
  const { address, roots, ...parts } = vector.state
  return { given, state: { address, roots: roots.map(unpack), ...Object.fromEntries(files(parts)) } }
}

function packState({ address, roots, timestamp, snapshot, targets }: TrustedState): NonNullable<TufVector['state']> {
  return {
    address,
    roots: roots.map(pack),
    ...(timestamp && { timestamp: pack(timestamp) }),
    ...(snapshot && { snapshot: pack(snapshot) }),
    ...(targets && { targets: pack(targets) }),
  }
}

function pack(bytes: Uint8Array): Packed {
  const text = new TextDecoder().decode(bytes)
  return Buffer.from(text).equals(bytes) ? text : { base64: Buffer.from(bytes).toString('base64') }
}

function unpack(packed: Packed): Uint8Array {
  return new Uint8Array(typeof packed === 'string' ? Buffer.from(packed) : Buffer.from(packed.base64, 'base64'))
}

/** @returns what this package says now; what a stock tuf-js says, when given it */
export async function judgeVector(vector: TufVector, stock?: StockClient): Promise<TufJudgement> {
  const { given, state } = unpackVector(vector)
  if (stock !== undefined) return await stock.judge(given)
  if (state === null) return await judgeWithOurs(given)
  const [firstRoot = given.trusted.get('root') ?? new Uint8Array()] = state.roots
  const announcement = announcementFrom(given.served, firstRoot, state.roots)
  if (announcement === null) throw new Error('there is no announcement in this vector')
  return (await judgeAnnouncement(state, announcement, given.now)).judgement
}

/** The differential test: random histories, judged by packages/release and by tuf-js, each step from the same state. */
import type { TrustedState } from '@holdfast/release'
import {
  announcementFrom,
  isSameVerdict,
  judgeAnnouncement,
  PROFILE_DIFFERENCES,
  stateBefore,
  trustedBy,
} from './announcement-judge.ts'
import { explainer, isSameJudgement, type Disagreement } from './tuf-differences.ts'
import { tufHistory, type TufHistory } from './tuf-history.ts'
import { judgeWithOurs, type StockClient, type TufCase } from './tuf-judges.ts'

/** `client`: TufClient against tuf-js; `announcement`: verifyAnnouncement against tuf-js. */
export type Comparison = 'client' | 'announcement'

export interface Finding extends Disagreement {
  comparison: Comparison
  /** Seed of the history, step in it, and what was attacked there: enough to see it again. */
  seed: number
  step: number
  what: string
  /** null when nothing explains it: then one of the two is wrong. */
  difference: string | null
  /** With 'announcement': what was held. */
  state?: TrustedState
}

export interface Tally {
  histories: number
  /** Steps on which both said the same, by what they said. */
  agreed: { [comparison in Comparison]: { accepted: number; refused: number } }
  /** Explained disagreements, by comparison and name. */
  explained: Map<string, number>
  unexplained: Finding[]
}

interface Range {
  /** Seed of the first history; those of the others follow. */
  seed: number
  histories: number
}

/**
 * @param stock tuf-js
 * @param found told of every disagreement
 */
export async function compareHistories(
  stock: StockClient,
  { seed, histories }: Range,
  found: (finding: Finding) => void = () => undefined,
): Promise<Tally> {
  const tally: Tally = {
    histories,
    agreed: { client: { accepted: 0, refused: 0 }, announcement: { accepted: 0, refused: 0 } },
    explained: new Map(),
    unexplained: [],
  }
  const explain = { client: explainer(stock), announcement: explainer(stock, PROFILE_DIFFERENCES) }
  const count = (comparison: Comparison, isSame: boolean, about: Omit<Finding, 'comparison' | 'difference'>): void => {
    if (isSame) {
      tally.agreed[comparison][about.ours.outcome === 'ok' ? 'accepted' : 'refused']++
      return
    }
    const finding = { ...about, comparison, difference: explain[comparison](about) }
    const name = `${comparison}: ${finding.difference}`
    if (finding.difference === null) tally.unexplained.push(finding)
    else tally.explained.set(name, (tally.explained.get(name) ?? 0) + 1)
    found(finding)
  }
  for (let at = seed; at < seed + histories; at++) {
    const history = tufHistory(at)
    await compareClients(stock, history, (isSame, about) => count('client', isSame, { seed: at, ...about }))
    await compareAnnouncements(stock, history, (isSame, about) => count('announcement', isSame, { seed: at, ...about }))
  }
  return tally
}

type Report = (isSame: boolean, about: Omit<Finding, 'comparison' | 'difference' | 'seed'>) => void

async function compareClients(stock: StockClient, history: TufHistory, report: Report): Promise<void> {
  let trusted: ReadonlyMap<string, Uint8Array> = new Map([['root', history.firstRoot]])
  for (const [step, { served, now, path, what }] of history.steps.entries()) {
    const given: TufCase = { trusted, served, now, path }
    const ours = await judgeWithOurs(given)
    const theirs = await stock.judge(given)
    report(isSameJudgement(ours, theirs), { step, what, given, ours, theirs })
    ;({ trusted } = ours)
  }
}

async function compareAnnouncements(stock: StockClient, history: TufHistory, report: Report): Promise<void> {
  const { firstRoot } = history
  let state: TrustedState = stateBefore(firstRoot)
  for (const [step, { served, now, what }] of history.steps.entries()) {
    const announcement = announcementFrom(served, firstRoot, state.roots)
    if (announcement === null) continue
    const given: TufCase = { trusted: trustedBy(state, firstRoot), served, now, path: null }
    const { verdict, judgement: ours } = await judgeAnnouncement(state, announcement, now)
    const theirs = await stock.judge(given)
    report(isSameVerdict(ours, theirs), { step, what, given, ours, theirs, state })
    if (verdict.outcome === 'accept') ({ state } = verdict)
  }
}

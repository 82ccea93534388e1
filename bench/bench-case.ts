/** What a benchmark is: ours and others on the same data, one after the other, each result checked. */

/** One kind of figure of one side, run by run. */
export interface Series {
  /** Who: `holdfast`, `Kubo add`. */
  who: string
  /** One figure a run, in the case's unit. */
  runs: number[]
}

export interface CaseResult {
  /** What was measured on what, in a few words. */
  title: string
  unit: 's' | 'MB/s' | '1/s' | 'us' | 'kB' | 'MB'
  /** Whether more is better. */
  more: boolean
  ours: Series
  others: Series[]
  /** The goal of the issue in words, and whether it was met. */
  goal: string
  met: boolean
  /** What a reader must know to judge the figures. */
  notes: string[]
}

export interface BenchContext {
  /** How often each side runs. */
  runs: number
  /** A folder of the bench's own, removed afterwards. */
  folder: string
  say: (line: string) => void
}

export interface BenchCase {
  name: string
  run(context: BenchContext): Promise<CaseResult[]>
}

/** @returns the middle of the values; of an even number the mean of both in the middle */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]]
  return (low + high) / 2
}

/** @returns by how much ours is better than another: above 1 where it is, whether more or less is better */
export function ratioOf({ ours, more }: Pick<CaseResult, 'ours' | 'more'>, other: Series): number {
  const [mine, theirs] = [median(ours.runs), median(other.runs)]
  return more ? mine / theirs : theirs / mine
}

/** Runs all sides in turn, so that whatever the machine does besides meets all of them. */
export async function alternately(
  runs: number,
  sides: Record<string, () => Promise<number>>,
): Promise<Record<string, Series>> {
  const series = Object.fromEntries(Object.keys(sides).map((who) => [who, { who, runs: [] as number[] }]))
  for (let run = 0; run < runs; run++)
    for (const [who, measure] of Object.entries(sides)) series[who]?.runs.push(await measure())
  return series
}

/** @returns seconds that the work took */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

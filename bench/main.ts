/**
 * Benchmarks against the programs that people would use instead; writes docs/benchmarks.md.
 *
 *   npm run bench [-- NAME…] [--runs 5]
 *
 * Sides run in turn on the same data and machine. Ours counts only when it is durable and verified. A peer that cannot be
 * built or run ends the bench with an error.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { BenchCase, CaseResult } from './bench-case.ts'
import { copy } from './cases/copy.ts'
import { gateway } from './cases/gateway.ts'
import { publish, publishAgain } from './cases/publish.ts'
import { browserSize, start, verifyCost } from './cases/small.ts'
import { swarm } from './cases/swarm.ts'
import { documentOf, type Recorded } from './document.ts'
import { KUBO_VERSION } from './peers/kubo.ts'

const CASES: readonly BenchCase[] = [publish, publishAgain, copy, swarm, gateway, start, browserSize, verifyCost]
const ROOT = join(import.meta.dirname, '..')
/** What was measured last of each case, from which the document is made again. */
const RECORDS = join(ROOT, 'bench/results.json')
const DOCUMENT = join(ROOT, 'docs/benchmarks.md')

const { values, positionals } = parseArgs({
  options: { runs: { type: 'string', default: '5' } },
  allowPositionals: true,
})
const unknown = positionals.filter((name) => CASES.every((one) => one.name !== name))
if (unknown.length > 0) {
  console.error(`There is no case ${unknown.join(', ')}; there are ${CASES.map(({ name }) => name).join(', ')}.`)
  process.exit(2)
}

const say = (line: string): void => console.log(line)
const recorded = (existsSync(RECORDS) ? JSON.parse(readFileSync(RECORDS, 'utf8')) : {}) as Record<string, Recorded>
for (const one of CASES) {
  if (positionals.length > 0 && !positionals.includes(one.name)) continue
  say(`== ${one.name}`)
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  try {
    const results = await one.run({ runs: Number(values.runs), folder, say })
    recorded[one.name] = { machine: machine(), results }
    for (const result of results) say(lineOf(result))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  writeFileSync(RECORDS, `${JSON.stringify(recorded, null, 1)}\n`)
  writeFileSync(
    DOCUMENT,
    documentOf(
      recorded,
      CASES.map(({ name }) => name),
    ),
  )
}

function lineOf({ title, ours, others, unit, goal, met }: CaseResult): string {
  const figures = [ours, ...others].map(({ who, runs }) => `${who} ${runs.map((run) => run.toPrecision(3)).join(' ')}`)
  return `${title} (${unit})\n  ${figures.join('\n  ')}\n  ${met ? 'met' : 'MISSED'}: ${goal}`
}

function machine(): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()
  const memory = Math.round(totalmem() / 2 ** 30)
  const cpu = (cpus()[0]?.model ?? 'unknown').trim()
  const programs = `holdfast at ${commit}, Node ${process.versions.node}, Kubo ${KUBO_VERSION}`
  return `${availableParallelism()} cores of ${cpu}, ${memory} GB, Linux ${release()}; ${programs}`
}

/**
 * Random TUF histories judged by packages/release and by tuf-js, as many as asked for; prints counts, ends with 1 when a
 * disagreement has no explanation.
 *
 *   node test/tuf/differential.ts [--histories 20000] [--seed 1] [--pin FOLDER]
 *
 * `--pin` writes the smallest example of each disagreement as a test vector.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compareHistories, packFinding, type Finding, type Tally } from '@holdfast/testkit'
import { stockTufJs } from './tuf-js.ts'

const CHUNK = 500

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    pin: { type: 'string' },
  },
})

const smallest = new Map<string, { text: string }>()

function keep(finding: Finding): void {
  const name = `${finding.comparison}-${finding.difference ?? `unexplained-${finding.seed}-${finding.step}`}`
  const text = `${JSON.stringify(packFinding(finding), null, 1)}\n`
  const known = smallest.get(name)
  if (known === undefined || text.length < known.text.length) smallest.set(name, { text })
}

function print(tally: Tally, seconds: number): void {
  const { client, announcement } = tally.agreed
  console.log(`${tally.histories} histories in ${Math.round(seconds)} s`)
  console.log(`client workflow: agreed ${client.accepted} times to accept, ${client.refused} times to refuse`)
  console.log(`announcements: agreed ${announcement.accepted} times to accept, ${announcement.refused} times to refuse`)
  for (const [name, count] of [...tally.explained].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`${name}: ${count}`)
  console.log(`unexplained: ${tally.unexplained.length}`)
  for (const { comparison, seed, step, what, ours, theirs } of tally.unexplained) {
    const words = [ours, theirs].map(({ outcome, reason }) => `${outcome} (${reason})`).join(' against ')
    console.log(`  ${comparison}, seed ${seed}, step ${step}, ${what}: ${words}`)
  }
}

function add(to: Tally, { histories, agreed, explained, unexplained }: Tally): void {
  to.histories += histories
  for (const comparison of ['client', 'announcement'] as const) {
    to.agreed[comparison].accepted += agreed[comparison].accepted
    to.agreed[comparison].refused += agreed[comparison].refused
  }
  for (const [name, count] of explained) to.explained.set(name, (to.explained.get(name) ?? 0) + count)
  to.unexplained.push(...unexplained)
}

const histories = Number(values.histories)
const first = Number(values.seed)
const begin = performance.now()
const total = await compareHistories(stockTufJs, { seed: first, histories: 0 })
for (let done = 0; done < histories; done += CHUNK) {
  const range = { seed: first + done, histories: Math.min(CHUNK, histories - done) }
  add(total, await compareHistories(stockTufJs, range, keep))
}
print(total, (performance.now() - begin) / 1000)
if (values.pin !== undefined) {
  mkdirSync(values.pin, { recursive: true })
  for (const [name, { text }] of smallest) writeFileSync(join(values.pin, `${name}.json`), text)
}
if (total.unexplained.length > 0) process.exitCode = 1

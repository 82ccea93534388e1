/**
 * Where this package judges otherwise than tuf-js 5 (docs/decisions/010-tuf-differences.md): one vector for each, found by the
 * differential test of test/tuf.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { judgeVector, type TufVector } from '@holdfast/testkit'
import { expect, it } from 'vitest'

const VECTORS = new URL('vectors/', import.meta.url)
const DECISION = new URL('../../../docs/decisions/010-tuf-differences.md', import.meta.url)

function vectorOf(name: string): TufVector {
  return JSON.parse(readFileSync(new URL(name, VECTORS), 'utf8')) as TufVector
}

it.each(readdirSync(VECTORS))('%s', async (name) => {
  const vector = vectorOf(name)
  const { outcome, reason, target } = await judgeVector(vector)
  expect({ outcome, target, code: reason.split(':')[0] }).toEqual({
    outcome: vector.ours.outcome,
    target: vector.ours.target,
    code: vector.ours.reason.split(':')[0],
  })
})

it('each is explained in the decision record', () => {
  const explained = readFileSync(DECISION, 'utf8')
  for (const name of readdirSync(VECTORS)) expect(explained).toContain(`\`${vectorOf(name).difference}\``)
})

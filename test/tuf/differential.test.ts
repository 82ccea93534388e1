/** A slice of the differential test, and every disagreement that it ever found: what both judges say today. */
import { readdirSync, readFileSync } from 'node:fs'
import { compareHistories, judgeVector, type TufVector } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { stockTufJs } from './tuf-js.ts'

const VECTORS = new URL('../../packages/release/test/vectors/', import.meta.url)
const SLICE = { seed: 1, histories: 150 }

describe('packages/release and tuf-js', () => {
  it(`judge ${SLICE.histories} random histories alike, but for what is explained`, async () => {
    const tally = await compareHistories(stockTufJs, SLICE)
    expect(tally.unexplained).toEqual([])
    const { client, announcement } = tally.agreed
    for (const count of [client.accepted, client.refused, announcement.accepted, announcement.refused]) {
      expect(count).toBeGreaterThan(SLICE.histories / 2)
    }
  })

  it.each(readdirSync(VECTORS))('%s: tuf-js says what it said', async (name) => {
    const vector = JSON.parse(readFileSync(new URL(name, VECTORS), 'utf8')) as TufVector
    const { outcome, target } = vector.tufJs
    expect(await judgeVector(vector, stockTufJs)).toMatchObject({ outcome, target })
  })
})

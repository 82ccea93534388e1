/** Head or ledger cannot be written: later again, and nothing is done before its time meanwhile. */
import { beforeEach, expect, it } from 'vitest'
import { SLOW_RETRY_MS } from '../src/index.ts'
import { ARCHIVE, only, release, Stage, versions } from './stage.ts'

let stage: Stage
beforeEach(() => {
  stage = new Stage({ keep: 1 })
  stage.follow({ served: release(1) })
  stage.announce(2)
  stage.report('fetched', 2)
  stage.report('pinned', 2)
})

it('a head that could not be stored is stored later, and nothing is let go before', () => {
  const effects = stage.report('headFailed', 2, 'disk-full')
  expect(only(effects, 'report')).toMatchObject([{ level: 'warning', code: 'not-stored', version: 2 }])
  expect(stage.machine.view(ARCHIVE)?.served).toEqual(release(1))
  expect(versions(stage.wait(SLOW_RETRY_MS), 'advanceHead')).toEqual([2])
  expect(versions(stage.report('headAdvanced', 2), 'unpin')).toEqual([1])
})

it('a newer release does not shorten that pause', () => {
  stage.report('headFailed', 2, 'disk-full')
  stage.announce(3)
  stage.report('fetched', 3)
  expect(only(stage.report('pinned', 3), 'advanceHead')).toEqual([])
  expect(versions(stage.wait(SLOW_RETRY_MS), 'advanceHead')).toEqual([3])
})

it('what could not be let go stays known, and is let go later', () => {
  stage.report('headAdvanced', 2)
  const effects = stage.report('unpinFailed', 1, 'io')
  expect(only(effects, 'report')).toMatchObject([{ code: 'not-stored', version: 1 }])
  expect(stage.machine.view(ARCHIVE)?.kept).toHaveLength(2)
  expect(versions(stage.wait(2_000), 'unpin')).toEqual([1])
  expect(only(stage.report('unpinned', 1), 'gc')).toHaveLength(1)
  expect(stage.machine.view(ARCHIVE)?.kept).toEqual([release(2)])
})

/** Milliseconds of the pause that a failure brings. */
function pause(effects: ReturnType<Stage['tell']>): number | undefined {
  return only(effects, 'schedule')[0]?.after
}

it('pauses grow, and start anew after a success', () => {
  expect(pause(stage.report('headFailed', 2, 'io'))).toBe(2_000)
  stage.wait(2_000)
  expect(pause(stage.report('headFailed', 2, 'io'))).toBe(4_000)
  stage.wait(4_000)
  stage.report('headAdvanced', 2)
  expect(pause(stage.report('unpinFailed', 1, 'io'))).toBe(2_000)
  stage.wait(2_000)
  expect(pause(stage.report('unpinFailed', 1, 'io'))).toBe(4_000)
  stage.wait(4_000)
  stage.report('unpinned', 1)
  stage.announce(3)
  stage.report('fetched', 3)
  stage.report('pinned', 3)
  expect(pause(stage.report('headFailed', 3, 'io'))).toBe(2_000)
  stage.wait(2_000)
  stage.report('headAdvanced', 3)
  expect(pause(stage.report('unpinFailed', 2, 'io'))).toBe(2_000)
})

it('several that cannot be let go are one failure', () => {
  const other = new Stage({ keep: 1 })
  other.follow({ served: release(3), kept: [release(1), release(2), release(3)] })
  expect(pause(other.report('unpinFailed', 2, 'io'))).toBe(2_000)
  expect(other.report('unpinFailed', 1, 'io')).toEqual([])
  expect(versions(other.wait(2_000), 'unpin')).toEqual([2, 1])
})

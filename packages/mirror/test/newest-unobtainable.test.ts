/** Nobody has the newest release, perhaps because its maintainer was caught while handing it out. The one before must not suffer. */
import { beforeEach, expect, it } from 'vitest'
import { RETRY_MAX_MS } from '../src/index.ts'
import { ARCHIVE, only, release, Stage, versions } from './stage.ts'

let stage: Stage
beforeEach(() => {
  stage = new Stage()
})

it('when the newest cannot be had, the one before is fetched, and served', () => {
  stage.follow()
  stage.announce(1)
  stage.announce(2)
  const effects = stage.report('fetchFailed', 2)
  expect(versions(effects, 'fetch')).toEqual([1])
  expect(only(effects, 'report')).toMatchObject([{ level: 'info', code: 'fallback', version: 1 }])
  stage.serve(1)
  expect(stage.machine.view(ARCHIVE)).toMatchObject({ verified: { version: 2 }, served: { version: 1 } })
})

it('the fallback is not cancelled by further attempts for the newest', () => {
  stage.follow()
  stage.announce(1)
  stage.announce(2)
  stage.report('fetchFailed', 2)
  const retried = stage.wait(RETRY_MAX_MS)
  expect(versions(retried, 'fetch')).toEqual([2])
  expect(only(stage.hear('eve', 2), 'cancelFetch')).toEqual([])
  expect(stage.machine.openJobs().map((job) => job.release.version)).toEqual([1, 2])
  stage.report('fetchFailed', 2)
  stage.serve(1)
})

it('and the newest is still wanted afterwards', () => {
  stage.follow()
  stage.announce(1)
  stage.announce(2)
  stage.report('fetchFailed', 2)
  stage.serve(1)
  expect(versions(stage.wait(RETRY_MAX_MS), 'fetch')).toEqual([2])
  stage.serve(2)
  expect(stage.machine.view(ARCHIVE)).toMatchObject({ served: { version: 2 } })
})

it('a fallback older than what is served is none', () => {
  stage.follow({ served: release(5) })
  stage.announce(6)
  stage.tell({ type: 'releaseFound', release: release(4) })
  expect(versions(stage.report('fetchFailed', 6), 'fetch')).toEqual([])
})

it('one who came late asks for the older release that others serve', () => {
  stage.follow()
  stage.meet('bob', 3, 5)
  stage.meet('carol', 3, 5)
  stage.meet('eve', 4, 5)
  stage.announce(5, 'bob')
  const effects = stage.report('fetchFailed', 5)
  // Most voices first.
  expect(only(effects, 'findRelease')).toEqual([
    { type: 'findRelease', address: ARCHIVE, version: 3, from: ['bob', 'carol'] },
    { type: 'findRelease', address: ARCHIVE, version: 4, from: ['eve'] },
  ])
  const found = stage.tell({ type: 'releaseFound', release: release(3) })
  expect(versions(found, 'fetch')).toEqual([3])
  expect(only(found, 'fetch')[0]?.from.slice(-1)).not.toEqual(['bob'])
  stage.serve(3)
})

it('what was found is not newer than the newest, whoever says so', () => {
  stage.follow({ verified: release(5) })
  stage.report('fetchFailed', 5)
  for (const found of [release(6), release(5, 1)]) {
    expect(stage.tell({ type: 'releaseFound', release: found })).toEqual([])
  }
})

it('a fallback that cannot be had either makes way for the next', () => {
  stage.follow()
  for (const version of [1, 2, 3]) stage.announce(version)
  expect(versions(stage.report('fetchFailed', 3), 'fetch')).toEqual([2])
  expect(versions(stage.report('fetchFailed', 2), 'fetch')).toEqual([1])
})

it('a fallback that somebody claims to hold is fetched even beside an attempt for the newest', () => {
  stage.follow()
  stage.announce(1)
  stage.announce(2)
  stage.report('fetchFailed', 2)
  stage.report('fetchFailed', 1)
  stage.wait(RETRY_MAX_MS)
  expect(stage.machine.openJobs().map((job) => job.release.version)).toEqual([2])
  expect(versions(stage.meet('bob', 1, 2), 'fetch')).toEqual([1])
})

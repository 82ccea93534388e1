/** A newer release is announced while an older one is on its way. */
import { beforeEach, expect, it } from 'vitest'
import { ARCHIVE, only, release, Stage, versions } from './stage.ts'

let stage: Stage
beforeEach(() => {
  stage = new Stage()
  stage.follow()
})

it('the newest gets all bandwidth: the older fetch is cancelled', () => {
  stage.announce(1)
  const effects = stage.announce(2)
  expect(only(effects, 'cancelFetch')).toMatchObject([{ version: 1 }])
  expect(versions(effects, 'fetch')).toEqual([2])
})

it('the same when something older is served already', () => {
  stage.announce(1)
  stage.serve(1)
  stage.announce(2)
  const effects = stage.announce(3)
  expect(only(effects, 'cancelFetch')).toMatchObject([{ version: 2 }])
  expect(versions(effects, 'fetch')).toEqual([3])
})

it('a late report of the cancelled fetch moves nothing', () => {
  stage.announce(1)
  const job = stage.jobOf('fetch', 1)
  stage.announce(2)
  expect(stage.tell({ type: 'fetched', address: ARCHIVE, version: 1, job })).toEqual([])
})

it('what is being pinned already is served for the time being', () => {
  stage.announce(1)
  stage.report('fetched', 1)
  const effects = stage.announce(2)
  expect(only(effects, 'cancelFetch')).toEqual([])
  expect(versions(effects, 'fetch')).toEqual([2])
  expect(versions(stage.report('pinned', 1), 'advanceHead')).toEqual([1])
})

it('releases that come faster than they can be fetched: one is left to finish', () => {
  const cancelled = [1, 2, 3, 4, 5, 6, 7].flatMap((version) =>
    only(stage.announce(version), 'cancelFetch').map((effect) => effect.version),
  )
  // 4 runs on beside the newest, whatever comes.
  expect(cancelled).toEqual([1, 2, 3, 5, 6])
  expect(stage.machine.openJobs().map((job) => job.release.version)).toEqual([4, 7])
  expect(versions(stage.report('fetched', 4), 'pin')).toEqual([4])
  expect(versions(stage.report('pinned', 4), 'advanceHead')).toEqual([4])
  stage.report('headAdvanced', 4)
  // From here on the newest comes first again.
  expect(only(stage.announce(8), 'cancelFetch')).toMatchObject([{ version: 7 }])
})

it('the one left to finish is outdated once the newest is pinned', () => {
  for (const version of [1, 2, 3, 4, 5]) stage.announce(version)
  stage.report('fetched', 5)
  const effects = stage.report('pinned', 5)
  expect(only(effects, 'cancelFetch')).toMatchObject([{ version: 4 }])
  expect(versions(effects, 'advanceHead')).toEqual([5])
  stage.report('headAdvanced', 5)
  expect(stage.machine.view(ARCHIVE)).toMatchObject({ served: release(5), wanted: [] })
})

it('an older one that others hold is not fetched beside the first attempt for the newest', () => {
  stage.announce(1)
  stage.announce(2)
  expect(versions(stage.meet('bob', 1, 2), 'fetch')).toEqual([])
})

it('nor while the newest is being pinned', () => {
  stage.announce(1)
  stage.announce(2)
  stage.report('fetchFailed', 2)
  stage.report('fetchFailed', 1)
  stage.wait(2_000)
  stage.report('fetched', 2)
  expect(versions(stage.meet('bob', 1, 2), 'fetch')).toEqual([])
})

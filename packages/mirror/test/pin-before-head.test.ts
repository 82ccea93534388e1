/** The head names only what is pinned, and only what was fetched is pinned. */
import { beforeEach, expect, it } from 'vitest'
import { ARCHIVE, only, release, Stage, versions } from './stage.ts'

let stage: Stage
beforeEach(() => {
  stage = new Stage()
  stage.follow()
})

it('fetch, pin, head: each only after the one before was reported', () => {
  expect(versions(stage.announce(1), 'fetch')).toEqual([1])
  const fetched = stage.report('fetched', 1)
  expect(versions(fetched, 'pin')).toEqual([1])
  expect(only(fetched, 'advanceHead')).toEqual([])
  const pinned = stage.report('pinned', 1)
  expect(versions(pinned, 'advanceHead')).toEqual([1])
  expect(stage.machine.view(ARCHIVE)?.served).toBeNull()
  expect(stage.report('headAdvanced', 1)).toEqual([])
  expect(stage.machine.view(ARCHIVE)).toMatchObject({ served: { version: 1 }, wanted: [] })
})

it('the newest verified release is known apart from the served one', () => {
  stage.announce(1)
  stage.serve(1)
  stage.announce(2)
  expect(stage.machine.view(ARCHIVE)).toMatchObject({ verified: { version: 2 }, served: { version: 1 } })
})

it('a report about another job, another version or another archive moves nothing', () => {
  stage.announce(1)
  const job = stage.jobOf('fetch', 1)
  const wrong = [
    { address: ARCHIVE, version: 1, job: job + 1 },
    { address: ARCHIVE, version: 2, job },
    { address: 'archive-b', version: 1, job },
  ]
  for (const about of wrong) expect(stage.tell({ type: 'fetched', ...about })).toEqual([])
  expect(stage.tell({ type: 'pinned', address: ARCHIVE, version: 1, job })).toEqual([])
  expect(versions(stage.report('fetched', 1), 'pin')).toEqual([1])
})

it('a report that comes twice counts once', () => {
  stage.announce(1)
  const job = stage.jobOf('fetch', 1)
  stage.report('fetched', 1)
  expect(stage.tell({ type: 'fetched', address: ARCHIVE, version: 1, job })).toEqual([])
})

it('two releases pinned out of order: the head goes up only', () => {
  stage.announce(1)
  stage.report('fetched', 1)
  stage.announce(2)
  stage.report('fetched', 2)
  expect(versions(stage.report('pinned', 2), 'advanceHead')).toEqual([2])
  expect(versions(stage.report('pinned', 1), 'advanceHead')).toEqual([])
  stage.report('headAdvanced', 2)
  expect(stage.machine.view(ARCHIVE)).toMatchObject({ served: release(2), kept: [{ version: 2 }, { version: 1 }] })
})

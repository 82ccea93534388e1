/** What is let go, and when. */
import { beforeEach, describe, expect, it } from 'vitest'
import { DEFAULT_KEEP, MirrorError, MirrorMachine } from '../src/index.ts'
import { ARCHIVE, only, release, Stage, versions } from './stage.ts'

it('the release before is let go only after the head moved away from it', () => {
  const stage = new Stage({ keep: 1 })
  stage.follow({ served: release(1) })
  stage.announce(2)
  stage.report('fetched', 2)
  expect(only(stage.report('pinned', 2), 'unpin')).toEqual([])
  expect(versions(stage.report('headAdvanced', 2), 'unpin')).toEqual([1])
})

it('the newest stay, as many as are to be kept', () => {
  const stage = new Stage({ keep: 3 })
  stage.follow()
  for (const version of [1, 2, 3]) {
    stage.announce(version)
    expect(only(stage.serve(version), 'unpin')).toEqual([])
  }
  stage.announce(4)
  expect(versions(stage.serve(4), 'unpin')).toEqual([1])
  stage.report('unpinned', 1)
  expect(stage.machine.view(ARCHIVE)?.kept.map(({ version }) => version)).toEqual([4, 3, 2])
})

it('space is swept once for all that left together', () => {
  const stage = new Stage({ keep: 1 })
  stage.follow({ served: release(3), kept: [release(1), release(2), release(3)] })
  expect(only(stage.report('unpinned', 1), 'gc')).toEqual([])
  expect(only(stage.report('unpinned', 2), 'gc')).toHaveLength(1)
})

it('a fallback that came in late counts as what it is: an older release', () => {
  const stage = new Stage({ keep: 1 })
  stage.follow()
  stage.announce(1)
  stage.report('fetched', 1)
  stage.announce(2)
  stage.serve(2)
  expect(versions(stage.report('pinned', 1), 'unpin')).toEqual([1])
})

it('what was fetched in part and given up is let go too', () => {
  const stage = new Stage()
  stage.follow()
  stage.announce(1)
  stage.announce(2)
  stage.report('fetched', 2)
  stage.report('pinned', 2)
  expect(versions(stage.report('headAdvanced', 2), 'unpin')).toEqual([1])
  expect(only(stage.report('unpinned', 1), 'gc')).toHaveLength(1)
})

it('keeps some releases by default, and never less than the served one', () => {
  expect(DEFAULT_KEEP).toBeGreaterThan(2)
  expect(() => new MirrorMachine({}, Math.random)).not.toThrow()
  for (const keep of [0, -1, 1.5, Number.NaN]) {
    expect(() => new MirrorMachine({ keep }, Math.random)).toThrow(MirrorError)
  }
})

describe('a release that is given up and wanted again', () => {
  let stage: Stage

  /** Many are tried in vain, the list is full, 1 is given up; then bob turns out to serve it. */
  beforeEach(() => {
    stage = new Stage()
    stage.follow()
    for (let version = 1; version <= 8; version += 1) stage.announce(version)
    stage.meet('bob', 1, 8)
  })

  function failAllFetches(): void {
    for (let job = fetching()[0]; job !== undefined; job = fetching()[0]) stage.report('fetchFailed', job)
  }

  function fetching(): number[] {
    const fetches = stage.machine.openJobs().filter(({ kind }) => kind === 'fetch')
    return fetches.map((job) => job.release.version)
  }

  it('is not fetched before it is let go', () => {
    stage.tell({ type: 'releaseFound', release: release(1) })
    failAllFetches()
    expect(stage.machine.view(ARCHIVE)?.wanted.at(-1)).toMatchObject({
      release: { version: 1 },
      phase: 'waiting',
      failures: 0,
    })
    expect(versions(stage.report('unpinned', 1), 'fetch')).toEqual([1])
  })

  it('is not let go after all, when that had failed', () => {
    stage.report('unpinFailed', 1, 'io')
    stage.tell({ type: 'releaseFound', release: release(1) })
    for (const version of fetching().filter((other) => other !== 1)) stage.report('fetchFailed', version)
    expect(fetching()).toEqual([1])
    expect(versions(stage.wait(10_000), 'unpin')).not.toContain(1)
  })
})

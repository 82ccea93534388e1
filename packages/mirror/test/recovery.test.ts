/** Maintainers whose keys were stolen are voted out, and the release that counts then is not a higher one (TUF 5.3.11). */
import { beforeEach, expect, it } from 'vitest'
import type { Effect, Input } from '../src/index.ts'
import { ARCHIVE, only, release, Stage, versions } from './stage.ts'

const HIGHEST = Number.MAX_SAFE_INTEGER
const recovered = (version: number, branch = 0): Input => {
  return { type: 'announced', release: release(version, branch), newRelease: true, from: null, recovery: true }
}

let stage: Stage
beforeEach(() => {
  stage = new Stage({ keep: 2 })
  stage.follow({ served: release(1) })
})

function steal(): Effect[] {
  stage.announce(HIGHEST)
  return stage.serve(HIGHEST)
}

it('the head goes to the release that counts, once that is pinned, and the stolen one is let go', () => {
  stage = new Stage({ keep: 2 })
  stage.follow()
  steal()
  const effects = stage.tell(recovered(2))
  expect(only(effects, 'report')).toMatchObject([{ level: 'warning', code: 'recovery' }])
  expect(versions(effects, 'fetch')).toEqual([2])
  expect(versions(effects, 'unpin')).toEqual([])
  stage.report('fetched', 2)
  expect(versions(stage.report('pinned', 2), 'advanceHead')).toEqual([2])
  expect(versions(stage.report('headAdvanced', 2), 'unpin')).toEqual([HIGHEST])
  stage.report('unpinned', HIGHEST)
  expect(stage.machine.view(ARCHIVE)).toMatchObject({ served: release(2), kept: [release(2)] })
})

it('until then the newest release that counts is served, if one is still kept', () => {
  steal()
  expect(versions(stage.tell(recovered(2)), 'advanceHead')).toEqual([1])
  expect(versions(stage.report('headAdvanced', 1), 'unpin')).toEqual([HIGHEST])
  stage.serve(2)
})

it('a fetch of the stolen release ends', () => {
  stage.announce(HIGHEST)
  const effects = stage.tell(recovered(2))
  expect(only(effects, 'cancelFetch')).toMatchObject([{ version: HIGHEST }])
  expect(versions(effects, 'fetch')).toEqual([2])
})

it('two releases of one version are told apart by what they hold', () => {
  stage.announce(2)
  stage.serve(2)
  expect(versions(stage.tell(recovered(2, 1)), 'fetch')).toEqual([2])
  stage.report('headAdvanced', 1)
  stage.report('fetched', 2)
  stage.report('pinned', 2)
  const effects = stage.report('headAdvanced', 2)
  expect(only(effects, 'unpin')).toEqual([])
  expect(stage.machine.view(ARCHIVE)?.served).toEqual(release(2, 1))
})

it('after a start it goes on: the stores say it all', () => {
  const other = new Stage()
  const effects = other.follow({ verified: release(2), served: release(HIGHEST), kept: [release(1), release(HIGHEST)] })
  expect(versions(effects, 'fetch')).toEqual([2])
  expect(versions(effects, 'advanceHead')).toEqual([1])
  other.report('headAdvanced', 1)
  other.serve(2)
})

it('peers that still serve the stolen release are asked, and do no harm', () => {
  steal()
  stage.meet('bob', HIGHEST)
  stage.tell(recovered(2))
  expect(versions(stage.report('fetchFailed', 2), 'fetch')).toEqual([])
})

it('what counts again but is being let go at that moment is fetched anew, once it is gone', () => {
  stage = new Stage({ keep: 1 })
  stage.follow({ served: release(4) })
  stage.announce(5)
  stage.serve(5)
  const effects = stage.tell(recovered(4))
  expect(versions(effects, 'advanceHead')).toEqual([])
  expect(versions(effects, 'fetch')).toEqual([])
  expect(versions(stage.report('unpinned', 4), 'fetch')).toEqual([4])
  stage.serve(4)
})

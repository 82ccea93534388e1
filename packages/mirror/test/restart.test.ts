/** After a start, everything goes on from what the stores say. */
import { expect, it } from 'vitest'
import { ARCHIVE, only, release, Stage, versions } from './stage.ts'

it('killed while fetching: the fetch is resumed by itself', () => {
  const stage = new Stage()
  const effects = stage.follow({ verified: release(3), served: release(2), kept: [release(1), release(2)] })
  expect(versions(effects, 'fetch')).toEqual([3])
  expect(stage.machine.view(ARCHIVE)?.kept.map(({ version }) => version)).toEqual([2, 1])
})

it('killed between pin and head: the head moves now', () => {
  const stage = new Stage()
  const effects = stage.follow({ verified: release(3), served: release(2), kept: [release(2), release(3)] })
  expect(versions(effects, 'advanceHead')).toEqual([3])
  expect(versions(effects, 'fetch')).toEqual([])
})

it('killed between head and unpin: what is too much is let go now', () => {
  const stage = new Stage({ keep: 1 })
  const effects = stage.follow({ served: release(2), kept: [release(1), release(2)] })
  expect(versions(effects, 'unpin')).toEqual([1])
})

it('killed when all was well, or before there was anything: nothing to do', () => {
  expect(new Stage().follow({ served: release(2), kept: [release(1), release(2)] })).toEqual([])
  expect(new Stage().follow()).toEqual([])
})

it('a head without a pin, after a damage, is repaired and not moved back', () => {
  const stage = new Stage()
  const effects = stage.follow({ served: release(2), kept: [release(1)] })
  expect(only(effects, 'report')).toMatchObject([{ level: 'warning', code: 'unpinned-head', version: 2 }])
  expect(versions(effects, 'fetch')).toEqual([2])
  expect(only(effects, 'advanceHead')).toEqual([])
  stage.report('fetched', 2)
  expect(versions(stage.report('pinned', 2), 'advanceHead')).toEqual([])
  expect(stage.machine.view(ARCHIVE)).toMatchObject({ served: release(2), wanted: [] })
})

it('the same, with a newer release known: the newer one comes first, the served one in its pauses', () => {
  const stage = new Stage()
  expect(versions(stage.follow({ verified: release(3), served: release(2), kept: [] }), 'fetch')).toEqual([3])
  expect(versions(stage.report('fetchFailed', 3), 'fetch')).toEqual([2])
})

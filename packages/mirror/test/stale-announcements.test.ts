/** The verifier stops what is stale; what comes twice or late all the same does no harm. */
import { beforeEach, expect, it } from 'vitest'
import { ARCHIVE, release, Stage } from './stage.ts'

let stage: Stage
beforeEach(() => {
  stage = new Stage()
  stage.follow({ served: release(2) })
})

it('the newest release again changes nothing', () => {
  expect(stage.announce(2)).toEqual([])
  stage.announce(3)
  expect(stage.announce(3)).toEqual([])
})

it('an older one changes nothing, fetched or not', () => {
  expect(stage.announce(1)).toEqual([])
  stage.announce(4)
  expect(stage.announce(3)).toEqual([])
  expect(stage.machine.view(ARCHIVE)?.verified).toEqual(release(4))
})

it('another release of the same version changes nothing', () => {
  expect(stage.tell({ type: 'announced', release: release(2, 1), newRelease: true, from: null })).toEqual([])
  expect(stage.machine.view(ARCHIVE)?.verified).toEqual(release(2))
})

it('new words around the same release are known, and nothing is fetched', () => {
  stage.announce(3)
  const renewed = { ...release(3), expires: '2027-01-01T00:00:00Z' }
  expect(stage.tell({ type: 'announced', release: renewed, newRelease: false, from: 'bob' })).toEqual([])
  expect(stage.machine.view(ARCHIVE)).toMatchObject({ verified: renewed, wanted: [{ release: renewed }] })
  stage.serve(3)
  expect(stage.machine.view(ARCHIVE)).toMatchObject({ served: renewed, kept: [renewed, release(2)] })
})

it('also around what is served', () => {
  const renewed = { ...release(2), expires: '2027-01-01T00:00:00Z' }
  expect(stage.tell({ type: 'announced', release: renewed, newRelease: false, from: null })).toEqual([])
  expect(stage.machine.view(ARCHIVE)).toMatchObject({ verified: renewed, served: renewed, kept: [renewed] })
})

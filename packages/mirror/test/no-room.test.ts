/** The disk is full, or the quota reached: what is served stays, the new release waits, people are told. */
import { describe, expect, it } from 'vitest'
import { RETRY_MAX_MS, SLOW_RETRY_MS } from '../src/index.ts'
import { ARCHIVE, only, release, Stage, versions } from './stage.ts'

describe.each(['disk-full', 'quota'])('%s', (code) => {
  it('is retried slowly, and by nothing else', () => {
    const stage = new Stage()
    stage.follow({ served: release(1) })
    stage.announce(2)
    const effects = stage.report('fetchFailed', 2, code)
    expect(only(effects, 'report')).toMatchObject([{ level: 'warning', code: 'no-room', version: 2 }])
    expect(versions(stage.meet('holder', 2), 'fetch')).toEqual([])
    expect(versions(stage.wait(RETRY_MAX_MS), 'fetch')).toEqual([])
    expect(versions(stage.wait(SLOW_RETRY_MS - RETRY_MAX_MS), 'fetch')).toEqual([2])
  })

  it('never costs what is served', () => {
    const stage = new Stage({ keep: 1 })
    stage.follow({ served: release(1) })
    stage.announce(2)
    for (let i = 0; i < 5; i += 1) {
      expect(only(stage.report('fetchFailed', 2, code), 'unpin')).toEqual([])
      expect(only(stage.wait(SLOW_RETRY_MS), 'unpin')).toEqual([])
    }
    expect(stage.machine.view(ARCHIVE)).toMatchObject({ served: release(1), kept: [release(1)] })
    stage.serve(2)
  })

  it('shows while it lasts', () => {
    const stage = new Stage()
    stage.follow()
    stage.announce(1)
    stage.report('fetchFailed', 1, code)
    expect(stage.machine.view(ARCHIVE)?.wanted).toMatchObject([
      { phase: 'waiting', lastCode: code, retryAt: SLOW_RETRY_MS },
    ])
  })
})

it('the older release may still fit', () => {
  const stage = new Stage()
  stage.follow()
  stage.announce(1)
  stage.announce(2)
  expect(versions(stage.report('fetchFailed', 2, 'quota'), 'fetch')).toEqual([1])
})

it('a pin that finds no room is retried slowly too', () => {
  const stage = new Stage()
  stage.follow()
  stage.announce(1)
  stage.report('fetched', 1)
  const effects = stage.report('pinFailed', 1, 'disk-full')
  expect(only(effects, 'report')).toMatchObject([{ code: 'no-room' }])
  expect(only(effects, 'schedule')).toMatchObject([{ after: SLOW_RETRY_MS }])
})

it('a release that was retracted, or is larger than it says, is tried again only rarely', () => {
  for (const code of ['retracted', 'too-large']) {
    const stage = new Stage()
    stage.follow()
    stage.announce(1)
    const effects = stage.report('fetchFailed', 1, code)
    expect(only(effects, 'report')).toMatchObject([{ level: 'warning', code: 'refused' }])
    expect(only(effects, 'schedule')).toMatchObject([{ after: SLOW_RETRY_MS }])
  }
})

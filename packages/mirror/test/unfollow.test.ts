/** A forgotten archive has no effects any more, whatever still comes in about it. */
import { describe, expect, it } from 'vitest'
import type { Input } from '../src/index.ts'
import { ARCHIVE, only, release, Stage, versions } from './stage.ts'

const unfollowed: Input = { type: 'unfollowed', address: ARCHIVE }

/** A machine in the middle of something, and the reports that are under way then. */
const situations: [string, () => { stage: Stage; late: Input[] }][] = [
  [
    'while it fetches',
    () => {
      const stage = new Stage()
      stage.follow()
      stage.announce(1)
      const about = { address: ARCHIVE, version: 1, job: stage.jobOf('fetch', 1) }
      const failed: Input = { type: 'fetchFailed', ...about, code: 'unreachable', reason: '' }
      return { stage, late: [{ type: 'fetched', ...about }, failed] }
    },
  ],
  [
    'while it pins',
    () => {
      const stage = new Stage()
      stage.follow()
      stage.announce(1)
      stage.report('fetched', 1)
      const about = { address: ARCHIVE, version: 1, job: stage.jobOf('pin', 1) }
      return {
        stage,
        late: [
          { type: 'pinned', ...about },
          { type: 'pinFailed', ...about, code: 'incomplete', reason: '' },
        ],
      }
    },
  ],
  [
    'while the head moves',
    () => {
      const stage = new Stage()
      stage.follow()
      stage.announce(1)
      stage.report('fetched', 1)
      stage.report('pinned', 1)
      return {
        stage,
        late: [{ type: 'headAdvanced', address: ARCHIVE, version: 1, job: stage.jobOf('advanceHead', 1) }],
      }
    },
  ],
  [
    'while an old release is let go',
    () => {
      const stage = new Stage({ keep: 1 })
      stage.follow({ served: release(2), kept: [release(1), release(2)] })
      return { stage, late: [{ type: 'unpinned', address: ARCHIVE, version: 1, job: stage.jobOf('unpin', 1) }] }
    },
  ],
  [
    'while it waits for its next attempt',
    () => {
      const stage = new Stage()
      stage.follow()
      stage.announce(1)
      stage.report('fetchFailed', 1)
      return { stage, late: stage.machine.openTimers().map((id) => ({ type: 'timer', id })) }
    },
  ],
]

describe.each(situations)('unfollowed %s', (_, situation) => {
  it('it ends, is forgotten, and late reports find nobody', () => {
    const { stage, late } = situation()
    const effects = stage.tell(unfollowed)
    expect(effects.slice(-2)).toEqual([{ type: 'forget', address: ARCHIVE }, { type: 'gc' }])
    for (const input of late) expect(stage.tell(input)).toEqual([])
    expect(stage.machine.openTimers()).toEqual([])
    expect(stage.machine.view(ARCHIVE)).toBeNull()
  })

  it('followed again, it starts anew, and reports from before still find nobody', () => {
    const { stage, late } = situation()
    stage.tell(unfollowed)
    stage.follow()
    for (const input of late) expect(stage.tell(input)).toEqual([])
    expect(versions(stage.announce(1), 'fetch')).toEqual([1])
    for (const input of late) expect(stage.tell(input)).toEqual([])
    stage.report('fetched', 1)
    for (const input of late) expect(stage.tell(input)).toEqual([])
    stage.report('pinned', 1)
    for (const input of late) expect(stage.tell(input)).toEqual([])
    stage.report('headAdvanced', 1)
    expect(stage.machine.view(ARCHIVE)).toMatchObject({ served: { version: 1 }, wanted: [] })
  })
})

it('a running fetch is cancelled first', () => {
  const stage = new Stage()
  stage.follow()
  stage.announce(1)
  expect(stage.tell(unfollowed).map(({ type }) => type)).toEqual(['cancelFetch', 'forget', 'gc'])
})

it('announcements, heads and finds for it change nothing', () => {
  const stage = new Stage()
  stage.follow()
  stage.tell({ type: 'peerSeen', peer: 'bob' })
  stage.tell(unfollowed)
  expect(stage.announce(1)).toEqual([])
  expect(stage.hear('bob', 1)).toEqual([])
  expect(stage.tell({ type: 'releaseFound', release: release(1) })).toEqual([])
  expect(stage.tell(unfollowed)).toEqual([])
})

it('the other archives go on', () => {
  const stage = new Stage()
  stage.follow()
  stage.tell({ type: 'followed', address: 'archive-b', verified: null, served: null, kept: [] })
  stage.announce(1)
  stage.tell({ type: 'unfollowed', address: 'archive-b' })
  stage.serve(1)
  expect(stage.machine.followed()).toEqual([ARCHIVE])
})

it('following what is followed changes nothing', () => {
  const stage = new Stage()
  stage.follow()
  stage.announce(1)
  expect(stage.follow({ served: release(7) })).toEqual([])
  expect(only(stage.serve(1), 'report')).toEqual([])
})

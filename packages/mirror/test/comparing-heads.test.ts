/** Gossip tells a late joiner nothing: heads are compared with every peer, when it is met and from time to time. */
import { simulatedRelease } from '@holdfast/testkit'
import { expect, it } from 'vitest'
import { SYNC_MS } from '../src/index.ts'
import { ARCHIVE, only, release, Stage } from './stage.ts'

function asked(effects: ReturnType<Stage['tell']>): [string, string[]][] {
  return only(effects, 'syncHeads').map((effect) => [effect.with, effect.addresses])
}

it('with a peer that is met, for all that is followed', () => {
  const stage = new Stage()
  stage.follow()
  stage.tell({ type: 'followed', address: 'archive-b', verified: null, served: null, kept: [] })
  expect(asked(stage.tell({ type: 'peerSeen', peer: 'bob' }))).toEqual([['bob', [ARCHIVE, 'archive-b']]])
})

it('with all peers, for an archive that is followed from now on', () => {
  const stage = new Stage()
  stage.tell({ type: 'peerSeen', peer: 'bob' })
  stage.tell({ type: 'peerSeen', peer: 'carol' })
  expect(asked(stage.follow())).toEqual([
    ['bob', [ARCHIVE]],
    ['carol', [ARCHIVE]],
  ])
})

it('again and again, until the peer is lost', () => {
  const stage = new Stage()
  stage.follow()
  stage.tell({ type: 'peerSeen', peer: 'bob' })
  expect(asked(stage.wait(3 * SYNC_MS))).toHaveLength(3)
  stage.tell({ type: 'peerLost', peer: 'bob' })
  expect(asked(stage.wait(3 * SYNC_MS))).toEqual([])
})

it('at moments of chance, so that not all peers are asked at once', () => {
  let chance = 0
  const stage = new Stage({}, () => (chance = (chance + 0.37) % 1))
  stage.follow()
  const pauses = ['bob', 'carol', 'dave'].flatMap((peer) =>
    only(stage.tell({ type: 'peerSeen', peer }), 'schedule').map((effect) => effect.after),
  )
  expect(new Set(pauses).size).toBe(3)
  for (const pause of pauses) expect(pause).toBeGreaterThanOrEqual(SYNC_MS / 2)
})

it('a peer seen twice is compared twice, and has one timer', () => {
  const stage = new Stage()
  stage.follow()
  stage.tell({ type: 'peerSeen', peer: 'bob' })
  expect(asked(stage.tell({ type: 'peerSeen', peer: 'bob' }))).toHaveLength(1)
  expect(stage.machine.openTimers()).toHaveLength(1)
})

it('with nothing followed there is nothing to ask', () => {
  const stage = new Stage()
  expect(asked(stage.tell({ type: 'peerSeen', peer: 'bob' }))).toEqual([])
  expect(asked(stage.wait(3 * SYNC_MS))).toEqual([])
})

it('what is heard shows in the view: who follows, who holds the newest, and when', () => {
  const stage = new Stage()
  stage.follow({ served: release(2) })
  stage.meet('stranger', null)
  expect(stage.machine.view(ARCHIVE)?.heardAt).toBeNull()
  stage.wait(1_000)
  stage.meet('bob', 2)
  stage.meet('carol', 1, 2)
  expect(stage.machine.view(ARCHIVE)).toMatchObject({ peers: ['bob', 'carol'], holders: ['bob'], heardAt: 1_000 })
  stage.tell({ type: 'peerLost', peer: 'bob' })
  expect(stage.machine.view(ARCHIVE)).toMatchObject({ peers: ['carol'], holders: [] })
})

it('what a stranger or a lost peer says counts for nothing', () => {
  const stage = new Stage()
  stage.follow({ served: release(1) })
  stage.meet('bob', 1)
  stage.tell({ type: 'peerLost', peer: 'bob' })
  stage.hear('bob', 1)
  stage.hear('mallory', 1)
  expect(stage.machine.view(ARCHIVE)?.peers).toEqual([])
})

it('each archive has its own heads', () => {
  const stage = new Stage()
  stage.follow()
  const other = simulatedRelease('archive-b', 1)
  stage.tell({ type: 'followed', address: 'archive-b', verified: other, served: other, kept: [other] })
  stage.tell({ type: 'peerSeen', peer: 'bob' })
  stage.tell({ type: 'peerHead', peer: 'bob', address: 'archive-b', verified: 1, served: 1 })
  expect(stage.machine.view(ARCHIVE)?.peers).toEqual([])
  expect(stage.machine.view('archive-b')?.holders).toEqual(['bob'])
})

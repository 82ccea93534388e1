/** Whom a release is fetched from, and when it is tried again. */
import { beforeEach, describe, expect, it } from 'vitest'
import { MAX_SOURCES, RETRY_MAX_MS } from '../src/index.ts'
import { ARCHIVE, only, release, Stage, versions } from './stage.ts'

let stage: Stage
beforeEach(() => {
  stage = new Stage()
  stage.follow()
})

/** Milliseconds of the pause that a failure of release 1 brings. */
function pauseAfterFailure(): number {
  const { retryAt } = stage.machine.view(ARCHIVE)?.wanted[0] ?? {}
  stage.report('fetchFailed', 1)
  const next = stage.machine.view(ARCHIVE)?.wanted[0]?.retryAt ?? 0
  expect(retryAt).toBeNull()
  return next
}

describe('sources', () => {
  it('those that claim to hold it come first, then who announced it, then who works on it, then the rest', () => {
    stage.meet('idle', null)
    stage.meet('behind', 1)
    stage.meet('working', 1, 3)
    stage.meet('announcer', 1)
    stage.meet('holder', 3)
    const [fetch] = only(stage.announce(3, 'announcer'), 'fetch')
    expect(fetch?.from).toEqual(['holder', 'announcer', 'working', 'behind', 'idle'])
  })

  it('equals come in an order of chance, so that load spreads', () => {
    const orders = [0.1, 0.9].map((seed) => {
      let chance = seed
      const other = new Stage({}, () => (chance = (chance * 7 + 0.3) % 1))
      other.follow()
      for (const peer of ['a', 'b', 'c', 'd', 'e']) other.meet(peer, 1)
      return only(other.announce(1), 'fetch')[0]?.from
    })
    expect(orders[0]).not.toEqual(orders[1])
  })

  it('are limited, holders staying', () => {
    for (let i = 0; i < MAX_SOURCES + 10; i += 1) stage.meet(`peer-${i}`, null)
    stage.meet('holder', 1)
    const [fetch] = only(stage.announce(1), 'fetch')
    expect(fetch?.from).toHaveLength(MAX_SOURCES)
    expect(fetch?.from[0]).toBe('holder')
  })

  it('whoever turns out to have it, or parts of it, joins a fetch that runs', () => {
    stage.announce(2)
    expect(only(stage.meet('holder', 2), 'addSource')).toMatchObject([{ peer: 'holder', version: 2 }])
    expect(only(stage.meet('working', 1, 2), 'addSource')).toMatchObject([{ peer: 'working' }])
    expect(only(stage.meet('stranger', null), 'addSource')).toEqual([])
    expect(only(stage.hear('holder', 2), 'addSource')).toEqual([])
    // It finished in the meantime.
    expect(only(stage.hear('working', 2), 'addSource')).toMatchObject([{ peer: 'working' }])
  })

  it('a source that went and came back joins again', () => {
    stage.meet('holder', 1)
    stage.announce(1)
    stage.tell({ type: 'peerLost', peer: 'holder' })
    expect(only(stage.meet('holder', 1), 'addSource')).toMatchObject([{ peer: 'holder' }])
  })

  it('without any peer the fetch is tried all the same: all blocks may be here', () => {
    expect(only(stage.announce(1), 'fetch')).toMatchObject([{ from: [] }])
  })
})

describe('retries', () => {
  it('pauses double up to a limit, and time alone ends them', () => {
    stage.announce(1)
    let before = 0
    for (const expected of [2_000, 4_000, 8_000, 16_000]) {
      const at = pauseAfterFailure()
      expect(at - before).toBe(expected)
      expect(versions(stage.wait(expected), 'fetch')).toEqual([1])
      before = at
    }
    for (let i = 0; i < 10; i += 1) {
      pauseAfterFailure()
      stage.wait(RETRY_MAX_MS)
    }
    expect(stage.jobOf('fetch', 1)).toBeGreaterThan(0)
  })

  it('chance shortens them, so that mirrors that failed together do not come back together', () => {
    const pauses = [0, 0.5, 0.99].map((chance) => {
      const other = new Stage({}, () => chance)
      other.follow()
      other.announce(1)
      return only(other.report('fetchFailed', 1), 'schedule')[0]?.after
    })
    expect(pauses).toEqual([2_000, 1_500, 1_010])
  })

  it('a peer that claims to hold it ends the pause at once', () => {
    stage.announce(1)
    stage.report('fetchFailed', 1)
    const effects = stage.meet('holder', 1)
    expect(only(effects, 'fetch')).toMatchObject([{ from: ['holder'] }])
    expect(only(effects, 'unschedule')).toHaveLength(1)
    expect(versions(stage.wait(1_900), 'fetch')).toEqual([])
  })

  it('so does one that had told otherwise before', () => {
    stage.meet('bob', null, 1)
    stage.announce(1)
    stage.report('fetchFailed', 1)
    expect(versions(stage.hear('bob', 1), 'fetch')).toEqual([1])
  })

  it('a liar does not drive us in circles: its word counts once', () => {
    stage.meet('eve', 9)
    stage.announce(1)
    stage.report('fetchFailed', 1)
    expect(versions(stage.hear('eve', 9), 'fetch')).toEqual([])
    expect(versions(stage.wait(2_000), 'fetch')).toEqual([1])
    stage.report('fetchFailed', 1)
    // On a new connection it may have changed.
    stage.tell({ type: 'peerLost', peer: 'eve' })
    expect(versions(stage.meet('eve', 9), 'fetch')).toEqual([1])
  })

  it('after a failure all are asked again whether they have it by now', () => {
    stage.meet('bob', null, 1)
    stage.meet('carol', null, 1)
    stage.announce(1)
    const asked = only(stage.report('fetchFailed', 1), 'syncHeads').map((effect) => effect.with)
    expect(asked.toSorted()).toEqual(['bob', 'carol'])
  })

  it('people are told once that nobody has it, and once that somebody says so in vain', () => {
    stage.announce(1)
    const codes: string[] = []
    const fail = (): void => {
      codes.push(...only(stage.report('fetchFailed', 1), 'report').map(({ level, code }) => `${level} ${code}`))
      stage.wait(RETRY_MAX_MS)
    }
    for (let i = 0; i < 4; i += 1) fail()
    stage.meet('eve', 1)
    for (let i = 0; i < 4; i += 1) fail()
    expect(codes).toEqual(['info waiting', 'warning failing'])
  })

  it('a failed pin is fetched again first: a block may have gone', () => {
    stage.announce(1)
    stage.report('fetched', 1)
    const effects = stage.report('pinFailed', 1, 'incomplete')
    expect(only(effects, 'report')).toMatchObject([{ level: 'warning', code: 'not-stored' }])
    expect(versions(stage.wait(2_000), 'fetch')).toEqual([1])
    stage.serve(1)
    expect(stage.machine.view(ARCHIVE)?.served).toEqual(release(1))
  })
})

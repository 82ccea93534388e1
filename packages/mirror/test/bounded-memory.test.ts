/** Whatever strangers do, what is remembered of them is limited, and those worth knowing stay. */
import { beforeEach, expect, it } from 'vitest'
import { MAX_FALLBACKS, MAX_HEADS, MAX_PEERS, MirrorMachine } from '../src/index.ts'
import { ARCHIVE, release, Stage } from './stage.ts'

let stage: Stage
beforeEach(() => {
  stage = new Stage()
  stage.follow({ served: release(1) })
})

it('a flood of peers that hold nothing does not push out one that does', () => {
  stage.meet('holder', 1)
  for (let i = 0; i < 2 * MAX_PEERS; i += 1) stage.tell({ type: 'peerSeen', peer: `eve-${i}` })
  expect(stage.machine.openTimers()).toHaveLength(MAX_PEERS)
  expect(stage.machine.view(ARCHIVE)?.holders).toEqual(['holder'])
})

it('who had to make room is gone in every respect', () => {
  for (let i = 0; i < MAX_PEERS; i += 1) stage.meet(`peer-${i}`, null, 1)
  expect(stage.machine.view(ARCHIVE)?.peers).toContain('peer-0')
  stage.tell({ type: 'peerSeen', peer: 'newcomer' })
  expect(stage.machine.view(ARCHIVE)?.peers).not.toContain('peer-0')
})

it('when all claim to hold something, newcomers are not remembered', () => {
  const machine = new MirrorMachine({ keep: 1 }, () => 0)
  const addresses = ['archive-a', 'archive-b']
  for (const address of addresses)
    machine.handle({ type: 'followed', address, verified: null, served: null, kept: [] }, 0)
  for (let i = 0; i < MAX_PEERS; i += 1) {
    const peer = `peer-${i}`
    machine.handle({ type: 'peerSeen', peer }, 0)
    machine.handle({ type: 'peerHead', peer, address: addresses[i % 2] ?? '', verified: 1, served: 1 }, 0)
  }
  expect(machine.handle({ type: 'peerSeen', peer: 'newcomer' }, 0)).toEqual([])
  machine.handle({ type: 'peerLost', peer: 'peer-7' }, 0)
  machine.handle({ type: 'peerSeen', peer: 'newcomer' }, 0)
  expect(machine.peers()).toContain('newcomer')
})

it('heads of one archive are limited, and holders take the place of others', () => {
  for (let i = 0; i < MAX_HEADS + 50; i += 1) stage.meet(`peer-${i}`, null, 1)
  stage.meet('holder', 1)
  expect(stage.machine.view(ARCHIVE)?.peers).toHaveLength(MAX_HEADS)
  expect(stage.machine.view(ARCHIVE)?.holders).toEqual(['holder'])
})

it('also when all are holders', () => {
  for (let i = 0; i < MAX_HEADS + 10; i += 1) stage.meet(`peer-${i}`, 1)
  expect(stage.machine.view(ARCHIVE)?.holders).toHaveLength(MAX_HEADS)
})

it('releases in reserve are limited: those that nobody offers go first', () => {
  stage.meet('bob', 2)
  for (let version = 2; version < 40; version += 1) stage.announce(version)
  const wanted = stage.machine.view(ARCHIVE)?.wanted.map((one) => one.release.version) ?? []
  expect(wanted.length).toBeLessThanOrEqual(MAX_FALLBACKS + 3)
  expect(wanted[0]).toBe(39)
  expect(wanted.at(-1)).toBe(2)
})

/** Links, addresses and flags that cannot be meant: each gets its sentence, and nothing is made or changed. */
import { existsSync } from 'node:fs'
import { TestWorld } from '@holdfast/testkit'
import { afterAll, describe, expect, it } from 'vitest'

const ADDRESS = 'bagaaierao7b2k5mpxynijurgitssm2dhubds5d7m2xo74apamovzvlacdy5q'
const NOBODY = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWPe1wLNLkrQSyvsePHr5UpT5xHx8awXYLTZ1dPc8e5er3'

describe('what cannot be meant', () => {
  const world = new TestWorld()
  afterAll(async () => await world.close())
  const home = world.path('home')

  it.each([
    [['get', 'holdfast:nonsense'], 2, 'not a link'],
    [['get', `holdfast:${ADDRESS.slice(0, 30)}`], 2, 'cut off'],
    [['get', `holdfast:${ADDRESS}?via=%E0%A4%A`], 2, 'cannot be read'],
    [['get', 'bafyshort'], 2, 'neither a link nor an address nor a CID'],
    [['mirror', 'holdfast:nonsense'], 2, 'not a link'],
    [['follow', 'https://example.org/'], 2, 'not a link'],
    [['get'], 2, 'missing'],
    [['get', ADDRESS, 'more'], 2, 'too much'],
    [['get', ADDRESS, '--no-such-flag'], 2, '--no-such-flag'],
    [['get', ADDRESS, '--release', 'newest'], 2, 'whole number'],
    [['frobnicate'], 2, 'frobnicate'],
    [['mirror', '--quota', 'much'], 2, 'not a size'],
    [['mirror', '--gateway', 'everywhere'], 2, 'HOST:PORT'],
    [['mirror', '--listen', 'everywhere'], 2, 'multiaddr'],
    [['mirror', '--reach', 'everywhere'], 2, 'everywhere'],
    [['get', ADDRESS, '--from', 'somewhere'], 2, 'neither a multiaddr nor'],
  ] as const)('%j ends with %i', async (args, exitCode, sentence) => {
    const ended = await world.run([...args], { home })
    expect(ended.exitCode, ended.stderr).toBe(exitCode)
    expect(ended.error['message']).toContain(sentence)
    expect(ended.error['hint']).toMatch(/\S+/)
    expect(ended.stdout).toBe('')
  })

  it('an address that nobody was ever heard of ends with 3', async () => {
    const ended = await world.run(['get', ADDRESS, '-o', world.path('out')], { home })
    expect(ended).toMatchObject({ exitCode: 3, error: { code: 'nobody-reachable' } })
    expect(existsSync(world.path('out'))).toBe(false)
  })

  it('dead hints end with 3 and say whom they named', async () => {
    const ended = await world.run(['get', ADDRESS, '--from', NOBODY, '-o', world.path('out')], { home })
    expect(ended.exitCode).toBe(3)
    expect(ended.error['message']).toContain('127.0.0.1/tcp/1')
    expect(existsSync(world.path('out'))).toBe(false)
  })

  it('hints of a stranger into the local network are not followed', async () => {
    const ended = await world.run(['get', `holdfast:${ADDRESS}?via=${NOBODY}`, '-o', world.path('out')], {
      home,
      plain: true,
    })
    expect(ended.exitCode).toBe(3)
    expect(ended.stderr).toContain('--allow-private')
  })
})

import { mkdirSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { TestWorld } from '@holdfast/testkit'
import { afterAll, describe, expect, it } from 'vitest'

describe('a mirror at run time', () => {
  const world = new TestWorld()
  afterAll(async () => await world.close())

  it('follows another archive, shows both, and forgets one of them with its blocks', async () => {
    const mirror = await world.mirror('mirror', [])
    const published: { address: string; link: string }[] = []
    for (const name of ['one', 'two']) {
      const { home, link, address } = await world.maintainer(name)
      await world.done(['follow', link], { home: mirror.home })
      mkdirSync(world.path(`content-${name}`))
      writeFileSync(world.path(`content-${name}`, 'data.bin'), randomBytes(300_000))
      await world.done(['publish', world.path(`content-${name}`), '-m', name, '--to', mirror.hint], { home })
      published.push({ address, link })
    }
    const both = await world.done(['status'], { home: mirror.home })
    expect(both['archives']).toHaveLength(2)
    expect(both['archives'][0]).toMatchObject({
      served: 1,
      verified: 1,
      freshness: 'fresh',
      files: 1,
      size: 300_000,
      releasesKept: 1,
    })
    expect(both['disk'].used).toBeGreaterThan(600_000)

    const gone = published[0]?.address ?? ''
    await world.done(['unfollow', gone], { home: mirror.home })
    await world.done(['gc'], { home: mirror.home })
    const left = await world.done(['status'], { home: mirror.home })
    expect(left['archives']).toHaveLength(1)
    expect(left['disk'].used).toBeLessThan(310_000)
    expect((await fetch(`${mirror.gateway}/archives/${gone}/announcement`)).status).toBe(404)
    expect(await (await fetch(`${mirror.gateway}/archives`)).json()).toMatchObject({})
  })

  it('is told of archives while it does not run', async () => {
    const { link, address, home } = await world.maintainer('three')
    const mirrorHome = world.path('sleeping')
    await world.done(['follow', link], { home: mirrorHome })
    const asleep = await world.done(['status'], { home: mirrorHome })
    expect(asleep).toMatchObject({ peerId: null, archives: [{ address, served: null, name: 'The archive of three' }] })
    const mirror = await world.mirror('sleeping', [])
    mkdirSync(world.path('content-three'))
    await world.done(['publish', world.path('content-three'), '-m', 'Empty', '--to', mirror.hint], { home })
    await mirror.program.kill('SIGTERM')
    await world.done(['unfollow', address], { home: mirrorHome })
    expect((await world.done(['status'], { home: mirrorHome }))['archives']).toEqual([])
  })

  it('keeps as many releases as it is told', async () => {
    const { home, link } = await world.maintainer('four')
    const mirror = await world.mirror('frugal', [link, '--keep', '2'])
    const folder = world.path('content-four')
    mkdirSync(folder)
    for (const text of ['a', 'b', 'c', 'd']) {
      writeFileSync(world.path('content-four', 'text'), text.repeat(10_000))
      await world.done(['publish', folder, '-m', text, '--to', mirror.hint], { home })
    }
    await world.done(['gc'], { home: mirror.home })
    expect((await world.done(['status'], { home: mirror.home }))['archives'][0]).toMatchObject({
      served: 4,
      releases: [3, 4],
    })
  })
})

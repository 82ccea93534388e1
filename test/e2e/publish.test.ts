import { mkdirSync, writeFileSync } from 'node:fs'
import { TestWorld } from '@holdfast/testkit'
import { afterAll, describe, expect, it } from 'vitest'

describe('publish', () => {
  const world = new TestWorld()
  const content = world.path('content')
  mkdirSync(content)
  writeFileSync(world.path('content', 'a.txt'), 'a')
  afterAll(async () => await world.close())

  it('says plainly when nobody has the release yet, and the same command goes on later', async () => {
    const { home, link } = await world.maintainer('lonely')
    const alone = await world.run(['publish', content, '-m', 'First'], { home, plain: true })
    expect(alone.exitCode).toBe(3)
    expect(alone.stdout).toContain('Nobody has it yet')
    const mirror = await world.mirror('late-mirror', [link])
    const again = await world.done(['publish', content, '-m', 'First', '--to', mirror.hint], { home })
    expect(again).toMatchObject({
      release: 1,
      announcedTo: [mirror.hint.split('/').at(-1)],
      heldBy: [mirror.hint.split('/').at(-1)],
    })
  })

  it('waits for nobody with --wait 0', async () => {
    const { home } = await world.maintainer('hasty')
    const published = await world.done(['publish', content, '-m', 'First', '--wait', '0'], { home })
    expect(published).toMatchObject({ release: 1, files: 1, size: 1, added: 1, announcedTo: [] })
  })

  it('signs nothing on a dry run', async () => {
    const { home } = await world.maintainer('careful')
    const dry = await world.done(['publish', content, '-m', 'First', '--dry-run'], { home })
    expect(dry).toMatchObject({ dryRun: true, added: 1 })
    const published = await world.done(['publish', content, '-m', 'First', '--wait', '0'], { home })
    expect(published).toMatchObject({ release: 1, cid: dry['cid'] })
  })

  it('hands blocks to a mirror that is only known by a URL', async () => {
    const { home, link } = await world.maintainer('behind-https')
    const mirror = await world.mirror('behind-nginx', [link])
    const published = await world.done(['publish', content, '-m', 'First', '--to', `${mirror.gateway}/`], { home })
    expect(published['heldBy']).toEqual([`${mirror.gateway}/`])
    await mirror.program.event('served', 1)
  })

  it('counts what changed against the last release', async () => {
    const { home } = await world.maintainer('busy')
    const folder = world.path('changing')
    mkdirSync(folder)
    for (const name of ['same', 'other', 'gone']) writeFileSync(world.path('changing', name), name)
    await world.done(['publish', folder, '-m', 'First', '--wait', '0'], { home })
    const next = world.path('next')
    mkdirSync(next)
    writeFileSync(world.path('next', 'same'), 'same')
    writeFileSync(world.path('next', 'other'), 'changed')
    writeFileSync(world.path('next', 'new'), 'new')
    const published = await world.done(['publish', next, '-m', 'Second', '--wait', '0'], { home })
    expect(published).toMatchObject({ release: 2, added: 1, removed: 1, changed: 1 })
  })
})

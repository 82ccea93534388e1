import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { TestWorld, type TestMirror } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

describe('a maintainer whose home was restored from an old backup', () => {
  const world = new TestWorld()
  const content = world.path('content')
  let maintainer: { home: string; link: string; address: string }
  let mirror: TestMirror

  const publish = async (text: string, args: string[] = []): ReturnType<TestWorld['run']> => {
    writeFileSync(world.path('content', 'text.txt'), text)
    return await world.run(['publish', content, '-m', text, ...args], { home: maintainer.home })
  }

  beforeAll(async () => {
    mkdirSync(content)
    maintainer = await world.maintainer()
    mirror = await world.mirror('mirror', [maintainer.link])
    expect((await publish('one', ['--to', mirror.hint])).json).toMatchObject({ release: 1, added: 1 })
    cpSync(maintainer.home, world.path('backup'), { recursive: true })
    expect((await publish('two')).json).toMatchObject({ release: 2, changed: 1 })
    rmSync(maintainer.home, { recursive: true })
    cpSync(world.path('backup'), maintainer.home, { recursive: true })
  })

  afterAll(async () => await world.close())

  it('learns the newest release first and signs the next one', async () => {
    const third = await publish('three')
    expect(third.exitCode, third.stderr).toBe(0)
    expect(third.json).toMatchObject({ release: 3, added: 0, removed: 0, changed: 1 })
    expect(third.stderr).toContain('learned release 2')
    await mirror.program.event('served', 3)
    const { releases } = await world.done(['log', maintainer.address, '--from', mirror.hint], {
      home: world.path('reader'),
    })
    expect(releases.map((one: { release: number }) => one.release)).toEqual([3, 2, 1])
  })

  it('signs nothing while nobody can be asked', async () => {
    await mirror.program.kill()
    rmSync(maintainer.home, { recursive: true })
    cpSync(world.path('backup'), maintainer.home, { recursive: true })
    const refused = await publish('four')
    expect(refused).toMatchObject({ exitCode: 3, error: { code: 'nobody-reachable' } })
    expect(refused.error['hint']).toContain('--unseen')
    const again = await world.mirror('mirror', [])
    const fourth = await publish('four', ['--to', again.hint])
    expect(fourth.json).toMatchObject({ release: 4 })
  })
})

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { TestWorld } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

describe('keys', () => {
  const world = new TestWorld()
  let home: string
  beforeAll(async () => {
    ;({ home } = await world.maintainer())
    mkdirSync(world.path('content'))
    writeFileSync(world.path('content', 'a.txt'), 'a')
  })
  afterAll(async () => await world.close())
  const publish = async (env: NodeJS.ProcessEnv, args: string[] = []): ReturnType<TestWorld['run']> =>
    await world.run(['publish', world.path('content'), '-m', 'One', '--wait', '0', ...args], { home, env })

  it('do not open with a wrong passphrase, which is never shown', async () => {
    const ended = await publish({ HOLDFAST_PASSPHRASE: 'not the right one' }, ['--verbose'])
    expect(ended).toMatchObject({ exitCode: 1, error: { code: 'wrong-passphrase' } })
    expect(ended.stderr + ended.stdout).not.toContain('not the right one')
  })

  it('do not open when the file is damaged', async () => {
    const text = readFileSync(world.path('maintainer', 'keys', 'maintainer.age'), 'utf8')
    writeFileSync(world.path('damaged.age'), text.slice(0, -120))
    const ended = await publish({}, ['--key', world.path('damaged.age')])
    expect(ended).toMatchObject({ exitCode: 1, error: { code: 'bad-key-file' } })
    expect(ended.error['message']).toContain('damaged.age')
  })

  it('of strangers sign nothing', async () => {
    const file = world.keyFile(world.path('stranger.age'))
    const ended = await publish({}, ['--key', file])
    expect(ended).toMatchObject({ exitCode: 6, error: { code: 'threshold-unmet' } })
  })

  it('are never overwritten', async () => {
    const before = readFileSync(world.path('maintainer', 'keys', 'maintainer.age'))
    const ended = await world.run(['keygen'], { home })
    expect(ended).toMatchObject({ exitCode: 1, error: { code: 'exists' } })
    expect(readFileSync(world.path('maintainer', 'keys', 'maintainer.age'))).toEqual(before)
  })

  it('need a passphrase from somewhere', async () => {
    const ended = await publish({ HOLDFAST_PASSPHRASE: undefined })
    expect(ended).toMatchObject({ exitCode: 1, error: { code: 'no-passphrase' } })
  })

  it('after all that still sign release 1', async () => {
    expect((await publish({})).json).toMatchObject({ release: 1 })
  })
})

/** A disk that fills up under a mirror, a reader and a maintainer: a small tmpfs. Nothing that was held is lost. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { TestWorld, type TestMirror } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const SMALL_BYTES = 500_000
const LARGE_BYTES = 6_000_000

const mounted: string[] = []
/** @returns whether a file system of that size now lies there */
function mountSmall(folder: string, size: string): boolean {
  mkdirSync(folder, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' })
    mounted.push(folder)
    return true
  } catch {
    return false // Not root, or not allowed here.
  }
}

const probe = new TestWorld()
const canMount = mountSmall(probe.path('probe'), '1m')
if (!canMount) console.warn('SKIPPED: no small file system can be mounted here, so no disk can be filled')

describe.skipIf(!canMount)('a full disk', () => {
  const world = new TestWorld()
  let maintainer: { home: string; link: string; address: string }
  let roomy: TestMirror

  const publish = async (bytes: number, message: string, args: string[]): Promise<void> => {
    writeFileSync(world.path('content', `${message}.bin`), randomBytes(bytes))
    await world.done(['publish', world.path('content'), '-m', message, ...args], { home: maintainer.home })
  }

  beforeAll(async () => {
    mkdirSync(world.path('content'))
    maintainer = await world.maintainer()
    roomy = await world.mirror('roomy', [maintainer.link])
    await publish(SMALL_BYTES, 'small', ['--to', roomy.hint])
  })

  afterAll(async () => {
    await world.close().catch(() => undefined)
    for (const folder of mounted) execFileSync('umount', ['-l', folder])
    await Promise.all([world.close(), probe.close()])
  })

  it('leaves a mirror serving what it holds, and says why it does not move on', async () => {
    mountSmall(world.path('narrow'), '4m')
    const narrow = await world.mirror('narrow', [maintainer.link, '--from', roomy.hint])
    await narrow.program.event('served', 1)
    await publish(LARGE_BYTES, 'large', [])
    await narrow.program.line((line) => line['event'] === 'warning' && line['code'] === 'no-room')
    const status = await world.done(['status'], { home: narrow.home })
    expect(status['archives'][0]).toMatchObject({ verified: 2, served: 1 })
    const output = world.path('from-narrow')
    const got = await world.done(['get', maintainer.address, '--release', '1', '--from', narrow.hint, '-o', output], {
      home: world.path('reader-1'),
    })
    expect(got).toMatchObject({ release: 1, size: SMALL_BYTES })
    await narrow.program.kill()
    const again = await world.mirror('narrow', [])
    expect((await world.done(['status'], { home: again.home }))['archives'][0]).toMatchObject({ served: 1 })
  })

  it('a quota does the same', async () => {
    const bounded = await world.mirror('bounded', [maintainer.link, '--from', roomy.hint, '--quota', '2MB'])
    await bounded.program.line((line) => line['event'] === 'warning' && line['code'] === 'no-room')
    expect((await world.done(['status'], { home: bounded.home }))['disk']).toMatchObject({ quota: 2_000_000 })
  })

  it('ends a fetch with a sentence, and nothing stands at the output', async () => {
    mountSmall(world.path('reader-home'), '3m')
    const into = await world.run(['get', maintainer.address, '--from', roomy.hint, '-o', world.path('out')], {
      home: world.path('reader-home', 'home'),
    })
    expect(into).toMatchObject({ exitCode: 1, error: { code: 'disk-full' } })
    expect(existsSync(world.path('out'))).toBe(false)
    mountSmall(world.path('narrow-output'), '3m')
    const output = await world.run(
      ['get', maintainer.address, '--from', roomy.hint, '-o', world.path('narrow-output', 'out')],
      { home: world.path('reader-2') },
    )
    expect(output).toMatchObject({ exitCode: 1, error: { code: 'disk-full' } })
    expect(readdirSync(world.path('narrow-output'))).toEqual([])
  })

  it('signs nothing', async () => {
    mountSmall(world.path('maintainer-2'), '2m')
    const { home } = await world.maintainer('maintainer-2')
    const ended = await world.run(['publish', world.path('content'), '-m', 'too much', '--wait', '0'], { home })
    expect(ended).toMatchObject({ exitCode: 1, error: { code: 'disk-full' } })
    mkdirSync(world.path('little'))
    const little = await world.done(['publish', world.path('little'), '-m', 'little', '--wait', '0'], { home })
    expect(little).toMatchObject({ release: 1 })
  })
})

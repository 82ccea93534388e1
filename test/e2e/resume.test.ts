import { randomBytes } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StallingProxy, TestWorld, type TestMirror } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const FILE_BYTES = 2_000_000
const FILES = 6
/** The line goes dead after this many bytes: past the first blocks, long before the last. */
const CUT_AFTER = 5_000_000
/** What must be durable a while later. */
const SOME_BYTES = 1_000_000

describe('a fetch that is stopped', () => {
  const world = new TestWorld()
  const content = world.path('content')
  let maintainer: { home: string; link: string; address: string }
  let mirror: TestMirror
  let slow: StallingProxy

  beforeAll(async () => {
    mkdirSync(content)
    for (let i = 0; i < FILES; i++) writeFileSync(world.path('content', `${i}.bin`), randomBytes(FILE_BYTES))
    maintainer = await world.maintainer()
    mirror = await world.mirror('mirror', [maintainer.link])
    await world.done(['publish', content, '-m', 'One', '--to', mirror.hint], { home: maintainer.home })
    slow = await StallingProxy.start(mirror.gateway, CUT_AFTER)
  })

  afterAll(async () => {
    slow.close()
    await world.close()
  })

  it.each(['SIGKILL', 'SIGINT'] as const)(
    'by %s goes on where it was, and shows nothing before it is whole',
    async (signal) => {
      const home = world.path(`reader-${signal}`)
      const output = world.path(`out-${signal}`)
      const stalled = slow.nextStall()
      const first = world.start(['get', maintainer.address, '--from', slow.url, '-o', output], { home })
      await stalled
      await expect.poll(() => bytesIn(join(home, 'partial')), { timeout: 20_000 }).toBeGreaterThan(SOME_BYTES)
      const ended = await first.kill(signal)
      expect(ended.exitCode ?? ended.signal).toBe(signal === 'SIGINT' ? 130 : 'SIGKILL')
      expect(existsSync(output)).toBe(false)
      expect(readdirSync(world.folder).filter((name) => name.includes('unfinished'))).toEqual([])

      const got = await world.done(['get', maintainer.address, '--from', `${mirror.gateway}/`, '-o', output], { home })
      expect(got).toMatchObject({ release: 1, files: FILES, size: FILES * FILE_BYTES })
      expect(got['fetchedBytes']).toBeLessThan(FILES * FILE_BYTES - SOME_BYTES / 2)
      execFileSync('diff', ['-r', content, output])
      // What was kept to go on from is gone once it is no longer needed.
      expect(readdirSync(join(home, 'partial'))).toEqual([])
    },
  )

  it('on a mirror goes on by itself when the mirror is started again', async () => {
    const stalled = slow.nextStall()
    const half = await world.mirror('half-way', [maintainer.address, '--from', slow.url])
    await stalled
    await expect.poll(() => bytesIn(join(half.home, 'blocks')), { timeout: 20_000 }).toBeGreaterThan(SOME_BYTES)
    await half.program.kill()
    const before = await world.done(['status'], { home: half.home })
    expect(before['archives'][0]).toMatchObject({ verified: 1, served: null })
    expect(before['disk'].used).toBeGreaterThan(SOME_BYTES)
    const again = await world.mirror('half-way', ['--from', mirror.hint])
    await again.program.event('served', 1)
    expect(await world.done(['status'], { home: again.home })).toMatchObject({
      archives: [{ served: 1, verified: 1, releasesKept: 1 }],
    })
  })
})

function bytesIn(folder: string): number {
  if (!existsSync(folder)) return 0
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

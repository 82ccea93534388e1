import { randomBytes } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { TestWorld, type TestMirror } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const FILE_BYTES = 2_000_000
const FILES = 6
/** The line goes dead after this many bytes: past the first blocks, long before the last. */
const CUT_AFTER = 5_000_000

function bytesIn(folder: string): number {
  if (!existsSync(folder)) return 0
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

describe('a fetch that is stopped', () => {
  const world = new TestWorld()
  const content = world.path('content')
  let maintainer: { home: string; link: string; address: string }
  let mirror: TestMirror
  let proxy: Server
  let stalled: () => void
  let onStall: Promise<void>

  beforeAll(async () => {
    mkdirSync(content)
    for (let i = 0; i < FILES; i++) writeFileSync(world.path('content', `${i}.bin`), randomBytes(FILE_BYTES))
    maintainer = await world.maintainer()
    mirror = await world.mirror('mirror', [maintainer.link])
    await world.done(['publish', content, '-m', 'One', '--to', mirror.hint], { home: maintainer.home })
    const { port } = new URL(mirror.gateway)
    proxy = createServer((socket) => {
      let passed = 0
      const upstream = connect(Number(port), '127.0.0.1')
      socket.pipe(upstream)
      upstream.on('data', (chunk) => {
        passed += chunk.length
        if (passed > CUT_AFTER) {
          upstream.pause()
          stalled()
        } else socket.write(chunk)
      })
      for (const one of [socket, upstream]) one.on('error', () => undefined)
      socket.on('close', () => upstream.destroy())
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  })

  afterAll(async () => {
    proxy.close()
    await world.close()
  })

  const slow = (): string => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/`

  it.each(['SIGKILL', 'SIGINT'] as const)(
    'by %s goes on where it was, and shows nothing before it is whole',
    async (signal) => {
      ;({ promise: onStall, resolve: stalled } = Promise.withResolvers<void>())
      const home = world.path(`reader-${signal}`)
      const output = world.path(`out-${signal}`)
      const first = world.start(['get', maintainer.address, '--from', slow(), '-o', output], { home })
      await onStall
      // What came is made durable soon after it came.
      await expect
        .poll(() => bytesIn(world.path(`reader-${signal}`, 'partial')), { timeout: 20_000 })
        .toBeGreaterThan(1_000_000)
      const ended = await first.kill(signal)
      expect(ended.exitCode ?? ended.signal).toBe(signal === 'SIGINT' ? 130 : 'SIGKILL')
      expect(existsSync(output)).toBe(false)
      expect(readdirSync(world.folder).filter((name) => name.includes('unfinished'))).toEqual([])

      const got = await world.done(['get', maintainer.address, '--from', `${mirror.gateway}/`, '-o', output], { home })
      expect(got).toMatchObject({ release: 1, files: FILES, size: FILES * FILE_BYTES })
      expect(got['fetchedBytes']).toBeLessThan(FILES * FILE_BYTES)
      execFileSync('diff', ['-r', content, output])
      // What was kept to go on from is gone once it is no longer needed.
      expect(readdirSync(world.path(`reader-${signal}`, 'partial'))).toEqual([])
    },
  )
})

/** What else runs on the machine: ports in use, a second daemon, clocks that are wrong. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { TestWorld } from '@holdfast/testkit'
import { afterAll, describe, expect, it } from 'vitest'

/** Loaded before the program: its clock runs so many days ahead. */
const clock = (days: number): string =>
  `data:text/javascript,${encodeURIComponent(`
    const Real = Date, shift = ${days} * 86400e3
    globalThis.Date = class extends Real {
      constructor(...args) { if (args.length === 0) super(Real.now() + shift); else super(...args) }
      static now() { return Real.now() + shift }
    }`)}`

describe('a busy machine', () => {
  const world = new TestWorld()
  afterAll(async () => await world.close())

  it('a port in use is named, for peers and for the gateway', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const free = ['--listen', '/ip4/127.0.0.1/tcp/0', '--gateway', '127.0.0.1:0']
    const listen = await world.run(['mirror', ...free.slice(2), '--listen', `/ip4/127.0.0.1/tcp/${port}`], {
      home: world.path('a'),
    })
    const gateway = await world.run(['mirror', ...free.slice(0, 2), '--gateway', `127.0.0.1:${port}`], {
      home: world.path('a'),
    })
    other.close()
    for (const ended of [listen, gateway]) {
      expect(ended).toMatchObject({ exitCode: 1, error: { code: 'port-in-use' } })
      expect(ended.error['message']).toContain(String(port))
    }
  })

  it('a second daemon on one home is refused, and the first goes on', async () => {
    const first = await world.mirror('shared', [])
    const second = await world.run(['mirror', '--listen', '/ip4/127.0.0.1/tcp/0', '--gateway', '127.0.0.1:0'], {
      home: first.home,
    })
    expect(second).toMatchObject({ exitCode: 1, error: { code: 'home-in-use' } })
    expect(second.error['message']).toContain(String(first.program.pid))
    expect(await world.done(['status'], { home: first.home })).toMatchObject({ archives: [] })
    await first.program.kill('SIGKILL')
    await world.mirror('shared', [])
  })

  it('a clock that is a year off is named, and nothing is withheld', async () => {
    const { home, link, address } = await world.maintainer()
    const mirror = await world.mirror('mirror', [link])
    mkdirSync(world.path('content'))
    writeFileSync(world.path('content', 'a.txt'), 'a')
    await world.done(['publish', world.path('content'), '-m', 'One', '--to', mirror.hint], { home })
    const get = async (days: number, args: string[] = []): ReturnType<TestWorld['run']> =>
      await world.run(['get', address, '--from', mirror.hint, '-o', world.path(`out${days}${args.length}`), ...args], {
        home: world.path('reader'),
        imports: [clock(days)],
      })
    const late = await get(365)
    expect(late.json).toMatchObject({ release: 1, freshness: 'stale' })
    expect(late.stderr).toContain('may not be the newest')
    expect(await get(365, ['--strict'])).toMatchObject({ exitCode: 5, error: { code: 'stale' } })
    const early = await get(-365)
    expect(early.json).toMatchObject({ release: 1, freshness: 'fresh' })
    expect(early.stderr).toContain('one of the two is wrong')
  })
})

/** One file carries a release from hand to hand: out of one home, into another, with a daemon and without. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { TestWorld, type JsonLine, type TestMirror } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

describe('a bundle', () => {
  const world = new TestWorld()
  let address: string
  let mirror: TestMirror
  let maintainerHome: string
  let second: JsonLine
  const full = world.path('full.car')
  const delta = world.path('delta.car')

  beforeAll(async () => {
    const maintainer = await world.maintainer()
    ;({ address, home: maintainerHome } = maintainer)
    mirror = await world.mirror('mirror', [maintainer.link])
    mkdirSync(world.path('content', 'inside'), { recursive: true })
    writeFileSync(world.path('content', 'large'), randomBytes(3_000_000))
    writeFileSync(world.path('content', 'inside', 'b.txt'), 'b')
    const publish = async (message: string): Promise<JsonLine> =>
      await world.done(['publish', world.path('content'), '-m', message, '--to', mirror.hint], { home: maintainerHome })
    await publish('One')
    writeFileSync(world.path('content', 'a.txt'), 'a')
    second = await publish('Two')
  })
  afterAll(async () => await world.close())

  const get = async (from: TestMirror): Promise<Buffer> => {
    const output = world.path(`got-${Math.random()}`)
    await world.done(['get', address, '--from', from.hint, '-o', output], { home: world.path('reader') })
    return readFileSync(`${output}/large`)
  }

  it('is the same, whoever makes it', async () => {
    const ended = await world.done(['export', address, full, '--allow-private'], { home: mirror.home })
    expect(ended).toMatchObject({ address, release: 2, cid: second['cid'], file: full })
    await world.done(['export', address, world.path('again.car')], { home: maintainerHome })
    expect(readFileSync(world.path('again.car')).equals(readFileSync(full))).toBe(true)
    await world.done(['export', address, delta, '--since', '1'], { home: mirror.home })
    expect(readFileSync(delta).length).toBeLessThan(20_000)
    expect(await world.run(['export', address, full], { home: mirror.home })).toMatchObject({ exitCode: 6 })
    expect(
      await world.run(['export', address, world.path('x.car'), '--since', '7'], { home: mirror.home }),
    ).toMatchObject({
      exitCode: 3,
      error: { code: 'not-found' },
    })
  })

  it('moves a home without a daemon, which then serves it', async () => {
    const home = world.path('offline')
    const first = await world.done(['import', full], { home })
    expect(first).toMatchObject({ address, release: 2, older: false, running: false })
    expect(first['stored']).toBeGreaterThan(4)
    expect(await world.done(['import', full], { home })).toMatchObject({ stored: 0 })
    const served = await world.mirror('offline', [])
    expect((await get(served)).equals(readFileSync(world.path('content', 'large')))).toBe(true)
    await served.program.kill('SIGTERM')
  })

  it('moves a running mirror, from a pipe, and others hear of it', async () => {
    const one = await world.mirror('one', [])
    const other = await world.mirror('other', [address, '--from', one.hint])
    const ended = await world.run(['import', '-'], { home: one.home, input: readFileSync(full) })
    expect(ended).toMatchObject({ exitCode: 0, json: { release: 2, running: true } })
    await other.program.event('served')
    expect((await get(other)).equals(readFileSync(world.path('content', 'large')))).toBe(true)
    await one.program.kill('SIGTERM')
    await other.program.kill('SIGTERM')
  })

  it('that leaves out what another release holds is enough for those who have that, and for nobody else', async () => {
    const nobody = world.path('nobody')
    expect(await world.run(['import', delta], { home: nobody })).toMatchObject({
      exitCode: 4,
      error: { code: 'incomplete' },
    })
    // The rest of it makes it whole.
    expect(await world.done(['import', full], { home: nobody })).toMatchObject({ release: 2 })
  })

  it('that was cut off goes on where it ended', async () => {
    const bytes = readFileSync(full)
    const cut = world.path('cut.car')
    writeFileSync(cut, bytes.subarray(0, bytes.length / 2))
    const home = world.path('resumed')
    expect(await world.run(['import', cut], { home })).toMatchObject({ exitCode: 4, error: { code: 'damaged-bundle' } })
    const rest = await world.done(['import', full], { home })
    expect(rest['stored']).toBeLessThan(4)
    rmSync(cut)
  })

  it('is verified with nothing but the address', async () => {
    const verify = async (file: string, home = world.path('nobody-else')): ReturnType<TestWorld['run']> =>
      await world.run(['verify', file, address], { home })
    const proven = { ok: true, address, release: 2, cid: second['cid'], problems: [], freshness: 'fresh' }
    expect(await verify(full)).toMatchObject({ exitCode: 0, json: proven })
    const part = world.path('inside.car')
    await world.done(['export', `${address}/inside`, part], { home: mirror.home })
    expect(await verify(part)).toMatchObject({ exitCode: 0, json: { ok: true, path: 'inside' } })
    expect((await verify(delta)).json['problems'][0].problem).toContain('for those who hold release 1')
    expect(await verify(delta, mirror.home)).toMatchObject({ exitCode: 0, json: proven })
    const bytes = readFileSync(full)
    for (const [name, bad] of [
      ['cut.car', bytes.subarray(0, -1000)],
      ['whole-block-missing.car', bytes.subarray(0, bytes.indexOf('bundle') + 20)],
      ['turned.car', Buffer.from(bytes).fill(7, bytes.length - 1000, bytes.length - 900)],
    ] as const) {
      writeFileSync(world.path(name), bad)
      expect(await verify(world.path(name)), name).toMatchObject({ exitCode: 4 })
    }
  })

  it('of something else is refused, and nothing is stored', async () => {
    const home = world.path('refusing')
    const plain = world.path('plain.car')
    await world.done(['export', String(second['cid']), plain], { home: mirror.home })
    expect(await world.run(['import', plain], { home })).toMatchObject({ exitCode: 4, error: { code: 'no-bundle' } })
    await world.done(['export', `${address}/inside`, world.path('part.car')], { home: mirror.home })
    expect(await world.run(['import', world.path('part.car')], { home })).toMatchObject({
      exitCode: 6,
      error: { code: 'partial-bundle' },
    })
    // Bytes of the signed metadata turned: the head no longer is the block that the roots name.
    const bytes = readFileSync(full)
    writeFileSync(world.path('forged.car'), Buffer.from(bytes).fill(7, 700, 720))
    expect(await world.run(['import', world.path('forged.car')], { home })).toMatchObject({ exitCode: 4 })
    expect((await world.done(['status'], { home }))['archives']).toEqual([])
    writeFileSync(world.path('text.car'), 'not a CAR at all')
    expect(await world.run(['import', world.path('text.car')], { home })).toMatchObject({ exitCode: 4 })
    expect(await world.run(['import', world.path('missing.car')], { home })).toMatchObject({ exitCode: 1 })
  })
})

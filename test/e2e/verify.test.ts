import { appendFileSync, cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { TestWorld, type JsonLine, type TestMirror } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** Loaded before the program: its clock runs so many years ahead. */
const clock = (years: number): string =>
  `data:text/javascript,${encodeURIComponent(`
    const Real = Date, shift = ${years} * 365.25 * 86400e3
    globalThis.Date = class extends Real {
      constructor(...args) { if (args.length === 0) super(Real.now() + shift); else super(...args) }
      static now() { return Real.now() + shift }
    }`)}`

/** Loaded before the program: it ends at the first socket, and says where it was to lead. */
const NO_SOCKETS = `data:text/javascript,${encodeURIComponent(`
  import net from 'node:net'
  import dgram from 'node:dgram'
  const refuse = (what) => () => { console.error('A SOCKET: ' + what); process.exit(99) }
  net.Socket.prototype.connect = refuse('connect')
  net.Server.prototype.listen = refuse('listen')
  dgram.createSocket = refuse('dgram')
  globalThis.fetch = refuse('fetch')`)}`

describe('verify', () => {
  const world = new TestWorld()
  let address: string
  let link: string
  let maintainerHome: string
  let mirror: TestMirror
  let first: JsonLine
  let second: JsonLine
  const announcement = world.path('announcement')
  const handed = world.path('handed')

  /** The second release as somebody hands it over. */
  const handOver = (change: (path: (name: string) => string) => void = () => undefined): string => {
    rmSync(handed, { recursive: true, force: true })
    cpSync(world.path('content'), handed, { recursive: true })
    change((name) => world.path('handed', name))
    return handed
  }
  /** By somebody whose home is empty, who has the announcement alone. */
  const verify = async (args: string[], imports: string[] = []): ReturnType<TestWorld['run']> =>
    await world.run(['verify', ...args], { home: world.path('nobody'), imports: [NO_SOCKETS, ...imports] })
  const byFile = async (folder: string, args: string[] = [], imports: string[] = []): ReturnType<TestWorld['run']> =>
    await verify([folder, address, '--metadata', announcement, ...args], imports)
  /** By a mirror that is not running. */
  const byHome = async (args: string[]): ReturnType<TestWorld['run']> =>
    await world.run(['verify', ...args], { home: mirror.home, imports: [NO_SOCKETS] })

  beforeAll(async () => {
    const maintainer = await world.maintainer()
    ;({ address, link } = maintainer)
    const { home } = maintainer
    maintainerHome = home
    mirror = await world.mirror('mirror', [link])
    mkdirSync(world.path('content', 'inside'), { recursive: true })
    writeFileSync(world.path('content', 'a.txt'), 'a')
    writeFileSync(world.path('content', 'inside', 'b.txt'), 'b')
    first = await world.done(['publish', world.path('content'), '-m', 'One', '--to', mirror.hint], { home })
    cpSync(world.path('content'), world.path('older'), { recursive: true })
    writeFileSync(world.path('content', 'large'), new Uint8Array(3_000_000).fill(7))
    second = await world.done(['publish', world.path('content'), '-m', 'Two', '--to', mirror.hint], { home })
    const answer = await fetch(`${mirror.gateway}/archives/${address}/announcement`)
    writeFileSync(announcement, new Uint8Array(await answer.arrayBuffer()))
  })
  afterAll(async () => await world.close())

  it('asks mirrors when nothing else is at hand, and names what differs by their blocks', async () => {
    const folder = handOver((path) => appendFileSync(path('a.txt'), '!'))
    const from = async (args: string[]): ReturnType<TestWorld['run']> =>
      await world.run(['verify', folder, ...args, '--from', mirror.hint], { home: world.path('nobody') })
    const problems = [{ path: 'a.txt', problem: 'has other content' }]
    expect(await from([address])).toMatchObject({ exitCode: 4, json: { ok: false, release: 2, problems } })
    expect(await from([String(second['cid'])])).toMatchObject({ exitCode: 4, json: { ok: false, problems } })
    expect((await from([address, '--metadata', announcement])).json).toMatchObject({ problems })
    // The offline cases below would show a socket.
    const caught = await verify([folder, address, '--from', mirror.hint])
    expect(caught).toMatchObject({ exitCode: 99, stderr: expect.stringContaining('A SOCKET') })
    await mirror.program.kill('SIGTERM')
  })

  it('finds a folder that is the newest release, and one that is an older one', async () => {
    const same = { ok: true, address, release: 2, cid: second['cid'], problems: [], freshness: 'fresh', notes: [] }
    for (const what of [address, link])
      expect((await byHome([handOver(), what])).json).toEqual({ ...same, found: second['cid'] })
    expect((await byFile(handOver())).json).toMatchObject(same)
    // The only archive that the home follows.
    expect((await byHome([handOver()])).json).toMatchObject(same)
    const older = await byHome([world.path('older'), address])
    expect(older).toMatchObject({ exitCode: 4, json: { ok: false, release: 2, found: first['cid'] } })
    expect(older.json['problems']).toEqual([{ path: 'large', problem: 'is missing' }])
    expect(older.json['notes'][0]).toContain('It is release 1, signed by the maintainers')
    const asked = await byHome([world.path('older'), address, '--release', '1'])
    expect(asked).toMatchObject({ exitCode: 0, json: { ok: true, release: 1, cid: first['cid'] } })
    expect(await byHome([handOver(), address, '--release', '3'])).toMatchObject({ exitCode: 3 })
  })

  it('proves by what its maintainer has signed, where that is at hand', async () => {
    const ofMaintainer = { home: maintainerHome, imports: [NO_SOCKETS] }
    const ended = await world.run(['verify', handOver(), address], ofMaintainer)
    expect(ended).toMatchObject({ exitCode: 0, json: { ok: true, release: 2, cid: second['cid'] } })
  })

  it('finds a folder of a release, by a path, and a bare CID', async () => {
    expect((await byHome([world.path('content', 'inside'), `${address}/inside`])).json).toMatchObject({ ok: true })
    expect(await byHome([handOver(), `${address}/nowhere`])).toMatchObject({
      exitCode: 3,
      error: { code: 'not-found' },
    })
    expect((await verify([handOver(), String(second['cid'])])).json).toMatchObject({ ok: true, cid: second['cid'] })
  })

  it('names one byte changed, one file more, one missing', async () => {
    const folder = handOver((path) => {
      writeFileSync(path('large'), new Uint8Array(3_000_000).fill(7).with(2_000_000, 8))
      writeFileSync(path('more.txt'), 'more')
      rmSync(path('inside/b.txt'))
    })
    const ended = await byHome([folder, address])
    expect(ended.exitCode).toBe(4)
    expect(ended.json['problems']).toEqual([
      { path: 'inside/b.txt', problem: 'is missing' },
      { path: 'large', problem: 'has other content' },
      { path: 'more.txt', problem: 'is not in it' },
    ])
    const many = handOver((path) => {
      for (let n = 0; n < 30; n++) writeFileSync(path(`x${n}`), '')
    })
    const named = await byHome([many, address])
    expect(named.json['problems']).toHaveLength(20)
    expect(named.json['notes'].join()).toContain('More than 20')
  })

  it('says that it differs where the tree of the release is not at hand', async () => {
    const ended = await byFile(handOver((path) => appendFileSync(path('a.txt'), '!')))
    expect(ended).toMatchObject({ exitCode: 4, json: { ok: false, release: 2 } })
    expect(ended.json['problems']).toEqual([{ path: '.', problem: expect.stringContaining(String(second['cid'])) }])
    expect(ended.json['notes'].join()).toContain('cannot be said')
  })

  it('names what no archive holds, and what it did not look at', async () => {
    const linked = await byHome([handOver((path) => symlinkSync('a.txt', path('link'))), address])
    expect(linked).toMatchObject({ exitCode: 4, json: { problems: [{ path: 'link', problem: 'a symbolic link' }] } })
    const hidden = handOver((path) => writeFileSync(path('.hidden'), ''))
    const passed = await byHome([hidden, address])
    expect(passed).toMatchObject({ exitCode: 0, json: { ok: true } })
    expect(passed.json['notes'].join()).toContain('.hidden')
    const looked = await byHome([hidden, address, '--hidden'])
    expect(looked.json['problems']).toEqual([{ path: '.hidden', problem: 'is not in it' }])
  })

  it('says which release an announcement proves, and who signed', async () => {
    const proven = { ok: true, address, release: 2, cid: second['cid'], freshness: 'fresh', problems: [] }
    const ended = await verify([announcement, link])
    expect(ended).toMatchObject({ exitCode: 0, json: proven })
    expect(ended.json['signers']).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
    expect((await byHome([announcement, address])).json).toMatchObject(proven)
    writeFileSync(world.path('cut'), 'no announcement')
    expect(await verify([world.path('cut'), address])).toMatchObject({ exitCode: 4, json: { ok: false } })
    expect(await verify([world.path('nothing'), address])).toMatchObject({ exitCode: 3 })
  })

  it('does not take the announcement of another archive', async () => {
    const other = await world.maintainer('other')
    const alone = await verify([announcement, other.address])
    expect(alone).toMatchObject({ exitCode: 4, json: { ok: false, address: other.address } })
    expect(alone.json['problems'][0].problem).toContain('wrong-archive')
    const folder = await verify([handOver(), other.address, '--metadata', announcement])
    expect(folder).toMatchObject({ exitCode: 4, error: { code: 'unverified' } })
    const nothing = await verify([handOver(), other.address])
    expect(nothing).toMatchObject({ exitCode: 3, error: { code: 'no-metadata' } })
  })

  it('names a clock that is five years off, and verifies all the same', async () => {
    const late = await byFile(handOver(), [], [clock(5)])
    expect(late).toMatchObject({ exitCode: 0, json: { ok: true, release: 2, freshness: 'possibly-frozen' } })
    expect(late.json['notes'].join()).toMatch(/5 years before this clock .* or this clock is wrong/)
    expect(await byFile(handOver(), ['--strict'], [clock(5)])).toMatchObject({ exitCode: 5, json: { ok: true } })
    expect((await verify([announcement, address, '--strict'], [clock(5)])).exitCode).toBe(5)
    expect((await byFile(handOver(), ['--strict'])).exitCode).toBe(0)
    const early = await byFile(handOver(), [], [clock(-5)])
    expect(early).toMatchObject({ exitCode: 0, json: { ok: true, release: 2, freshness: 'fresh' } })
    expect(early.json['notes'].join()).toContain('one of the two is wrong')
    const alone = await verify([announcement, address], [clock(-5)])
    expect(alone).toMatchObject({ exitCode: 0, json: { ok: true, release: 2 } })
    expect(alone.json['notes'].join()).toContain('one of the two is wrong')
  })

  it('tells people in words', async () => {
    const args = [handOver((path) => rmSync(path('a.txt'))), address]
    const ended = await world.run(['verify', ...args], { home: mirror.home, plain: true })
    expect(ended.exitCode).toBe(4)
    expect(ended.stdout).toMatch(/is NOT release 2 of "The archive of maintainer" \(.*\)\.\n {2}a\.txt is missing\n$/)
  })
})

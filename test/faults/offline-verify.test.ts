/** A folder is verified on a machine without any network: not even a loopback interface is up. */
import { spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { TestWorld } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const PROGRAM = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const NO_NETWORK = ['--map-root-user', '--net', '--']
const possible = spawnSync('unshare', [...NO_NETWORK, 'true']).status === 0
if (!possible) console.warn('SKIPPED: unshare --net does not work here, so nothing is verified without a network')

describe.skipIf(!possible)('without a network', () => {
  const world = new TestWorld()
  const content = world.path('content')
  const announcement = world.path('announcement')
  let address: string
  let cid: string

  const verify = (home: string, ...args: string[]): { status: number | null; json: unknown; stderr: string } => {
    const program = [process.execPath, PROGRAM, 'verify', ...args, '--home', world.path(home), '--json']
    const { status, stdout, stderr } = spawnSync('unshare', [...NO_NETWORK, ...program], { encoding: 'utf8' })
    return { status, json: stdout === '' ? null : JSON.parse(stdout), stderr }
  }

  beforeAll(async () => {
    const maintainer = await world.maintainer()
    ;({ address } = maintainer)
    const mirror = await world.mirror('mirror', [maintainer.link])
    mkdirSync(content)
    writeFileSync(world.path('content', 'a.txt'), 'a')
    const published = await world.done(['publish', content, '-m', 'One', '--to', mirror.hint], {
      home: maintainer.home,
    })
    cid = String(published['cid'])
    const answer = await fetch(`${mirror.gateway}/archives/${address}/announcement`)
    writeFileSync(announcement, new Uint8Array(await answer.arrayBuffer()))
    await world.done(['export', address, world.path('bundle.car')], { home: mirror.home })
    await mirror.program.kill('SIGTERM')
    cpSync(content, world.path('changed'), { recursive: true })
    appendFileSync(world.path('changed', 'a.txt'), '!')
  })
  afterAll(async () => await world.close())

  it('there is none indeed', () => {
    const looking = `process.stdout.write(String(Object.values(require('os').networkInterfaces()).flat().length))`
    expect(spawnSync('unshare', [...NO_NETWORK, process.execPath, '-e', looking], { encoding: 'utf8' }).stdout).toBe(
      '0',
    )
  })

  it('a folder is verified by an announcement, by what a home holds, and by a CID', () => {
    const proven = { status: 0, json: { ok: true, cid, problems: [] } }
    expect(verify('nobody', content, address, '--metadata', announcement)).toMatchObject(proven)
    expect(verify('mirror', content, address)).toMatchObject(proven)
    expect(verify('nobody', content, cid)).toMatchObject(proven)
    expect(verify('nobody', announcement, address)).toMatchObject(proven)
    expect(verify('nobody', world.path('bundle.car'), address)).toMatchObject(proven)
  })

  it('a folder that was changed is told, and which file, where the tree is held', () => {
    const alone = verify('nobody', world.path('changed'), address, '--metadata', announcement)
    expect(alone).toMatchObject({ status: 4, json: { ok: false, problems: [{ path: '.' }] } })
    expect(verify('mirror', world.path('changed'), address)).toMatchObject({
      status: 4,
      json: { ok: false, problems: [{ path: 'a.txt', problem: 'has other content' }] },
    })
  })

  it('without metadata it says so', () => {
    const ended = verify('nobody', content, address)
    expect(ended.status).toBe(3)
    expect(ended.stderr).toContain('no-metadata')
  })
})

/** Three maintainers who never meet, two of whom must sign: proposals go from hand to hand as small files. */
import { cpSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { TestWorld, type Ended, type JsonLine, type TestMirror } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const WHO = ['alice', 'bob', 'carol'] as const

describe('an archive of three maintainers', () => {
  const world = new TestWorld()
  const keys: Record<string, string> = {}
  let address: string
  let mirror: TestMirror

  const run = async (who: string, ...args: string[]): Promise<Ended> =>
    await world.run(args, { home: world.path(who), env: { HOLDFAST_KEY: world.path(`${who}.age`) } })
  const done = async (who: string, ...args: string[]): Promise<JsonLine> => {
    const ended = await run(who, ...args)
    expect(ended.exitCode, ended.stderr).toBe(0)
    return ended.json
  }
  const write = (folder: string, rows: string[]): string => {
    mkdirSync(world.path(folder), { recursive: true })
    writeFileSync(world.path(folder, 'list.md'), ['| Company | Hours |', '|---|---|', ...rows, ''].join('\n'))
    return world.path(folder)
  }

  beforeAll(async () => {
    for (const who of [...WHO, 'dave']) {
      world.keyFile(world.path(`${who}.age`))
      keys[who] = String(
        (
          await world.done(['init', '--name', who, '--key', world.path(`${who}.age`)], {
            home: world.path(`only-${who}`),
          })
        )['maintainers'][0],
      )
    }
    const proposed = await done(
      'alice',
      'init',
      '--name',
      'Ours',
      '--threshold',
      '2',
      '--maintainer',
      keys['bob'] ?? '',
      '--maintainer',
      keys['carol'] ?? '',
      '-o',
      world.path('archive.proposal'),
    )
    expect(proposed['proposal']).toBe(world.path('archive.proposal'))
    expect((await run('alice', 'announce', world.path('archive.proposal'))).error).toMatchObject({ code: 'incomplete' })
    await done('bob', 'cosign', world.path('archive.proposal'), '--yes')
    for (const who of WHO)
      ({ address } = (await done(who, 'announce', world.path('archive.proposal'))) as { address: string })
    mirror = await world.mirror('mirror', [address])
  })

  afterAll(async () => await world.close())

  it('publishes when a second one has rebuilt the release from a copy of their own', async () => {
    const content = write('content', ['| One | 996 |', '| Two | 965 |'])
    const file = world.path('first.proposal')
    const proposed = await done('alice', 'publish', content, '-m', 'First', '-o', file)
    expect(proposed).toMatchObject({ release: 1, added: 1, announcedTo: [], proposal: file })
    expect(statSync(file).size).toBeLessThan(8000)
    expect(await run('dave', 'announce', file, '--to', mirror.hint)).toMatchObject({
      exitCode: 6,
      error: { code: 'incomplete' },
    })

    // Carol has no copy of the folder, but got its blocks in one file.
    const car = world.path('first.car')
    await done('alice', 'export', String(proposed['cid']), car)
    const byCarol = await run('carol', 'cosign', file, '--content', car, '-o', world.path('by-carol'), '--yes')
    expect(byCarol.json).toMatchObject({ complete: true })
    expect(byCarol.stderr).toContain('+ | One | 996 |')
    const other = write('other', ['| One | 997 |'])
    const elsewhere = async (...args: string[]): Promise<JsonLine> =>
      (await world.run(args, { home: world.path('elsewhere'), env: { HOLDFAST_KEY: world.path('dave.age') } })).json
    await elsewhere('init', '--name', 'X', '--key', world.path('dave.age'))
    const { cid } = await elsewhere('publish', other, '-m', 'X', '--wait', '0', '--unseen')
    await elsewhere('export', String(cid), world.path('other.car'))
    const refused = await run('carol', 'cosign', file, '--content', world.path('other.car'), '--yes')
    expect(refused).toMatchObject({ exitCode: 4, error: { code: 'content-differs' } })

    cpSync(content, world.path('copy-of-bob'), { recursive: true })
    const cosigned = await run('bob', 'cosign', file, '--content', world.path('copy-of-bob'), '--yes')
    expect(cosigned.json).toMatchObject({ kind: 'release', version: 1, complete: true, lacking: 0 })
    expect(cosigned.stderr).toContain('+ | One | 996 |')
    // Whoever holds no key can send it, with the files or from a home that has them.
    const sent = await done('dave', 'announce', file, '--content', content, '--to', mirror.hint)
    expect(sent).toMatchObject({ release: 1, cid: proposed['cid'] })
    await mirror.program.event('served', 1)
  })

  it('merges copies that two cosigned apart, and shows rows in plain words', async () => {
    const content = write('content-2', ['| One | 996 |', '| Three | 007 |'])
    const file = world.path('second.proposal')
    await done('carol', 'publish', content, '-m', 'Second', '-o', file, '--to', mirror.hint)
    const cosigned = await run(
      'alice',
      'cosign',
      file,
      '--content',
      content,
      '--to',
      mirror.hint,
      '-o',
      world.path('second-alice.proposal'),
      '--yes',
    )
    expect(cosigned.stderr).toContain('+ | Three | 007 |')
    expect(cosigned.stderr).toContain('- | Two | 965 |')
    await done(
      'bob',
      'cosign',
      file,
      '--content',
      content,
      '--to',
      mirror.hint,
      '-o',
      world.path('second-bob.proposal'),
      '--yes',
    )
    await done(
      'carol',
      'announce',
      file,
      world.path('second-bob.proposal'),
      world.path('second-alice.proposal'),
      '--to',
      mirror.hint,
    )
    await mirror.program.event('served', 2)
    const { releases } = await world.done(['log', address, '--from', mirror.hint], { home: world.path('reader') })
    expect(releases[0].signers.length).toBeGreaterThanOrEqual(2)
  })

  it('signs nothing that a cosigner does not have, and nothing unasked', async () => {
    const content = write('content-3', ['| Four | 996 |'])
    const file = world.path('third.proposal')
    await done('alice', 'publish', content, '-m', 'Third', '-o', file, '--to', mirror.hint)
    const other = write('content-other', ['| Four | 965 |'])
    expect(await run('bob', 'cosign', file, '--content', other, '--yes')).toMatchObject({
      exitCode: 4,
      error: { code: 'content-differs' },
    })
    expect(await run('bob', 'cosign', file, '--yes')).toMatchObject({ exitCode: 2 })
    expect(await run('bob', 'cosign', file, '--content', content)).toMatchObject({
      exitCode: 6,
      error: { code: 'unanswered' },
    })
    expect(await run('dave', 'cosign', file, '--content', content, '--to', mirror.hint, '--yes')).toMatchObject({
      exitCode: 6,
      error: { code: 'threshold-unmet' },
    })
    writeFileSync(world.path('garbage.proposal'), 'garbage')
    expect(await run('bob', 'cosign', world.path('garbage.proposal'), '--yes')).toMatchObject({
      exitCode: 4,
      error: { code: 'bad-proposal' },
    })
  })

  it('replaces a lost key below the threshold; the revoked one is refused from then on, and the address stays', async () => {
    const file = world.path('keys.proposal')
    const proposed = await done(
      'alice',
      'maintainers',
      'replace',
      keys['carol'] ?? '',
      keys['dave'] ?? '',
      '-o',
      file,
      '--to',
      mirror.hint,
    )
    expect(proposed).toMatchObject({ address, threshold: 2 })
    // Both of the old maintainers who sign are among the new ones, so both thresholds are met.
    const complete = await done('bob', 'cosign', file, '--to', mirror.hint, '--yes')
    expect(complete).toMatchObject({ kind: 'root', complete: true })
    await done('bob', 'announce', file, '--to', mirror.hint)
    const listed = await done('bob', 'maintainers')
    expect(new Set(listed['maintainers'])).toEqual(new Set([keys['alice'], keys['bob'], keys['dave']]))

    // Carol signs on, as a thief with her key would.
    const content = write('content-4', ['| Five | 996 |'])
    const stolen = world.path('stolen.proposal')
    const late = await run('carol', 'publish', content, '-m', 'Stolen', '-o', stolen)
    expect(late).toMatchObject({ exitCode: 6, error: { code: 'threshold-unmet' } })
    // The new one publishes with an old one.
    const next = world.path('next.proposal')
    await done('dave', 'publish', content, '-m', 'With dave', '-o', next, '--to', mirror.hint)
    await done('alice', 'cosign', next, '--content', content, '--yes')
    await done('alice', 'announce', next)
    await mirror.program.event('served', 3)
  })

  it('is renewed by one of them alone', async () => {
    const renewed = await done('bob', 'renew', '--to', mirror.hint)
    expect(renewed).toMatchObject({ address, release: 3 })
    expect(renewed['announcedTo']).toHaveLength(1)
  })
})

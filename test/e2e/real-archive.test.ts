/** The whole story on the real archive: three releases, three mirrors, two losses, and readers who come last. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { TestWorld, type TestMirror } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const DATASET = fileURLToPath(new URL('../../../shared/dataset/996icu', import.meta.url))
const STATES = [
  { folder: '2019-06', cid: 'bafybeibffxlmn2cdxj3zcdnhsspnlch5jiuplyb3ce5rrrpg46cwggmgwm', files: 135 },
  { folder: '2020-05', cid: 'bafybeictiife34prjuylyx2nleoxyuvw3xqsfhdpya5f6eco4uxmlggk34', files: 165 },
  { folder: '2025-08', cid: 'bafybeidxwk5f42zusdtumwrcnvaxe33s7dluqyjynxjpamijuyostz7qqq', files: 185 },
] as const
/** What is new in 2025-08 against 2020-05, by Kubo's count. */
const NEW_BYTES = 6_070_530

const there = existsSync(DATASET)
if (!there) console.warn(`SKIPPED: the real archive is not at ${DATASET}`)

describe.skipIf(!there)('the real archive', () => {
  const world = new TestWorld()
  let maintainer: { home: string; address: string; link: string }
  const mirrors: TestMirror[] = []
  let usedBefore = 0
  let usedAfter = 0

  const publish = async (release: number, args: string[]): Promise<void> => {
    const state = STATES[release - 1]
    const published = await world.done(
      ['publish', `${DATASET}/${state?.folder}`, '-m', `State of ${state?.folder}`, ...args],
      {
        home: maintainer.home,
      },
    )
    expect(published).toMatchObject({ release, cid: state?.cid, files: state?.files })
    expect(published['heldBy'].length).toBeGreaterThanOrEqual(1)
  }
  const used = async (mirror: TestMirror | undefined): Promise<number> => {
    const status = await world.done(['status'], { home: mirror?.home ?? '' })
    return status['disk'].used as number
  }
  const equals = (output: string, folder: string): void => {
    execFileSync('diff', ['-r', output, `${DATASET}/${folder}`])
  }

  beforeAll(async () => {
    maintainer = await world.maintainer()
    mirrors.push(await world.mirror('mirror-1', [maintainer.link]))
    const [first] = mirrors
    mirrors.push(await world.mirror('mirror-2', [maintainer.link, '--from', first?.hint ?? '']))
    await publish(1, ['--to', first?.hint ?? '', '--wait', '2'])
    await publish(2, ['--wait', '2'])
    // The third starts after release 2 and knows only another mirror.
    mirrors.push(await world.mirror('mirror-3', [maintainer.link, '--from', mirrors[1]?.hint ?? '']))
    await mirrors[2]?.program.event('served', 2)
    usedBefore = await used(mirrors[2])
    await publish(3, ['--wait', '3'])
    await Promise.all(mirrors.map(async ({ program }) => await program.event('served', 3)))
    usedAfter = await used(mirrors[2])
    // The maintainer is gone for good from here on, and so is mirror 1.
    await mirrors[0]?.program.kill('SIGKILL')
  }, 120_000)

  afterAll(async () => await world.close())

  it('is got by a link that names those who are left', async () => {
    const output = world.path('by-link')
    const { link } = await world.done(['link', '--via', mirrors[1]?.hint ?? '', '--via', mirrors[0]?.hint ?? ''], {
      home: maintainer.home,
    })
    const got = await world.done(['get', String(link), '--allow-private', '-o', output], { home: world.path('reader') })
    expect(got).toMatchObject({ release: 3, cid: STATES[2].cid, files: 185, freshness: 'fresh' })
    equals(output, '2025-08')
  })

  it('is got by its address and a mirror named by hand', async () => {
    const output = world.path('by-address')
    const got = await world.done(['get', maintainer.address, '--from', mirrors[2]?.hint ?? '', '-o', output], {
      home: world.path('reader'),
    })
    expect(got).toMatchObject({ release: 3, address: maintainer.address })
    equals(output, '2025-08')
  })

  it('is got by the bare CID of an older release', async () => {
    const output = world.path('by-cid')
    const got = await world.done(['get', STATES[1].cid, '--from', mirrors[1]?.hint ?? '', '-o', output], {
      home: world.path('reader'),
    })
    expect(got).toMatchObject({ cid: STATES[1].cid, files: 165 })
    equals(output, '2020-05')
  })

  it('shows its releases and who signed them', async () => {
    const { releases } = await world.done(['log', maintainer.address, '--from', mirrors[2]?.hint ?? ''], {
      home: world.path('reader'),
    })
    expect(releases.map((one: { cid: string }) => one.cid)).toEqual(STATES.map(({ cid }) => cid).toReversed())
  })

  it('has its whole history on a mirror that came late', async () => {
    const { gateway } = mirrors[2] ?? { gateway: '' }
    for (const release of [1, 2, 3]) {
      expect((await fetch(`${gateway}/archives/${maintainer.address}/metadata/${release}.targets.json`)).status).toBe(
        200,
      )
    }
  })

  it('moves only the missing blocks from one release to the next', () => {
    const fetched = usedAfter - usedBefore
    console.log(
      `going from 2020-05 to 2025-08 a mirror stored ${fetched} bytes more (${(fetched / NEW_BYTES).toFixed(3)} of ${NEW_BYTES})`,
    )
    expect(fetched).toBeGreaterThan(0)
    expect(fetched / NEW_BYTES).toBeLessThan(1.03)
  })

  it('is whole again on the mirror that was killed', async () => {
    const again = await world.mirror('mirror-1', ['--from', mirrors[1]?.hint ?? ''])
    const status = await world.done(['status'], { home: again.home })
    expect(status['archives'][0]).toMatchObject({ served: 3, verified: 3, cid: STATES[2].cid, releasesKept: 3 })
  })
})

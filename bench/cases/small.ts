/** What costs little, and should: the start and idle memory of a mirror, the verifier's size in a browser, one announcement judged. */
import { brotliCompressSync } from 'node:zlib'
import { join } from 'node:path'
import { verifyAnnouncement, type TrustedState } from '@holdfast/release'
import { Publisher } from '@holdfast/testkit'
import { rolldown } from 'rolldown'
import { alternately, median, secondsOf, type BenchCase } from '../bench-case.ts'
import { generatedFiles } from '../data.ts'
import { memoryOf, mirrorOf, ourWorld } from '../ours.ts'
import { buildKubo, KuboNode } from '../peers/kubo.ts'
import { TrustedMetadataStore } from '../peers/tuf-js.ts'

export const start: BenchCase = {
  name: 'start',
  async run(context) {
    const folder = generatedFiles(join(context.folder, 'generated'), 20, 1e6)
    const program = await buildKubo(context.say)
    const world = ourWorld()
    const kubo = await KuboNode.init(program, join(context.folder, 'kubo'))
    try {
      const links: string[] = []
      const { mirror } = await mirrorOf(world, folder, 'mirror')
      for (let i = 1; i < 10; i++) {
        const { link, home } = await world.maintainer(`maintainer-${i}`)
        await world.done(['follow', link], { home: mirror.home })
        await world.done(['publish', folder, '-m', 'One', '--to', mirror.hint], { home })
        links.push(link)
      }
      await mirror.program.kill('SIGTERM')
      const memory: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] }
      const series = await alternately(context.runs, {
        holdfast: async () => {
          let pid = 0
          let stop = async (): Promise<unknown> => undefined
          const seconds = await secondsOf(async () => {
            const { program: started } = await world.mirror('mirror', [])
            pid = started.pid
            stop = async () => await started.kill('SIGTERM')
          })
          await settled()
          memory.ours.push(memoryOf(pid).now)
          await stop()
          return seconds
        },
        'Kubo daemon': async () => {
          const seconds = await secondsOf(async () => await kubo.start())
          await settled()
          memory.theirs.push(memoryOf(kubo.pid).now)
          await kubo.stop()
          return seconds
        },
      })
      const { holdfast, 'Kubo daemon': other } = series
      if (holdfast === undefined || other === undefined) throw new Error('a side is missing')
      return [
        {
          title: 'start until serving, 10 archives',
          unit: 's',
          more: false,
          ours: holdfast,
          others: [other],
          goal: 'at most 0.3 s',
          met: median(holdfast.runs) <= 0.3,
          notes: ['Kubo with an empty repository.'],
        },
        {
          title: 'idle memory, 10 archives',
          unit: 'MB',
          more: false,
          ours: { who: 'holdfast', runs: memory.ours },
          others: [{ who: 'Kubo daemon', runs: memory.theirs }],
          goal: 'at most 100 MB resident',
          met: median(memory.ours) <= 100,
          notes: ['Three seconds after the start.'],
        },
      ]
    } finally {
      await kubo.remove()
      await world.close()
    }
  },
}

export const browserSize: BenchCase = {
  name: 'browser-size',
  async run() {
    const bundle = await rolldown({
      input: join(import.meta.dirname, '../../packages/release/src/index.ts'),
      platform: 'browser',
    })
    const { output } = await bundle.generate({ format: 'esm', minify: true })
    const bytes = brotliCompressSync(output.map((part) => ('code' in part ? part.code : '')).join('')).byteLength
    return [
      {
        title: 'the release package and verifier in a browser, minified and compressed (brotli)',
        unit: 'kB',
        more: false,
        ours: { who: 'packages/release', runs: [bytes / 1000] },
        others: [],
        goal: 'at most 40 kB',
        met: bytes <= 40_000,
        notes: [],
      },
    ]
  },
}

/** Announcements judged for one figure. */
const JUDGED = 200

export const verifyCost: BenchCase = {
  name: 'verify',
  async run(context) {
    const results = []
    for (const [maintainers, threshold] of [
      [1, 1],
      [3, 2],
      [5, 3],
    ] as const) {
      const alice = await Publisher.create({ maintainers, threshold, now: new Date() })
      await alice.release('zero')
      const first = alice.state
      const said: { bytes: Uint8Array; state: TrustedState; before: TrustedState }[] = []
      for (let i = 0; i < JUDGED; i++) {
        const before = alice.state
        await alice.release(`release ${i}`)
        said.push({ bytes: alice.bytes(), state: alice.state, before })
      }
      const now = new Date()
      const series = await alternately(context.runs, {
        holdfast: async () => {
          let held = first
          const seconds = await secondsOf(async () => {
            for (const { bytes } of said) {
              const verdict = await verifyAnnouncement(held, bytes, now)
              if (verdict.outcome !== 'accept') throw new Error(verdict.reason)
              held = verdict.state
            }
          })
          return (seconds / JUDGED) * 1e6
        },
        'tuf-js 5': async () =>
          ((await secondsOf(async () => {
            for (const { state, before } of said) TrustedMetadataStore.judge(before, state)
          })) /
            JUDGED) *
          1e6,
      })
      const { holdfast, 'tuf-js 5': other } = series
      if (holdfast === undefined || other === undefined) throw new Error('a side is missing')
      results.push({
        title: `one announcement judged in the path of a mirror, ${threshold} of ${maintainers} must sign`,
        unit: 'us' as const,
        more: false,
        ours: holdfast,
        others: [other],
        goal: 'at least twice as fast as tuf-js on the same metadata',
        met: 2 * median(holdfast.runs) <= median(other.runs),
        notes: ['tuf-js with the timestamp and snapshot that it held before, as its client does.'],
      })
    }
    return results
  },
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 3000))
}

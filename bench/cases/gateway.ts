/** The gateway under 32 connections: raw blocks a second, small and large, beside Kubo's. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readCar } from '@holdfast/dag'
import { alternately, median, type BenchCase, type CaseResult } from '../bench-case.ts'
import { generatedFiles } from '../data.ts'
import { mirrorOf, ourWorld } from '../ours.ts'
import { requirePrograms } from '../peers/debian.ts'
import { buildKubo, KuboNode } from '../peers/kubo.ts'

const CONNECTIONS = 32
const SECONDS = 4
const MAX_BLOCK_BYTES = 2 * 1024 * 1024

export const gateway: BenchCase = {
  name: 'gateway',
  async run(context) {
    requirePrograms({ wrk: 'wrk' }, context.say)
    const folder = generatedFiles(join(context.folder, 'generated'), 1000, 48e6)
    const program = await buildKubo(context.say)
    const world = ourWorld()
    const kubo = await KuboNode.init(program, join(context.folder, 'kubo'))
    try {
      const root = await kubo.add(folder)
      const theirs = await kubo.start()
      const { mirror } = await mirrorOf(world, folder, 'mirror')
      const ours = new URL(mirror.gateway)
      const blocks = await blocksOf(ours, root)
      const results: CaseResult[] = []
      for (const [bytes, times] of [
        [1600, 2.5],
        [166_000, 1.2],
      ] as const) {
        const some = blocks.toSorted((a, b) => Math.abs(a.size - bytes) - Math.abs(b.size - bytes)).slice(0, 50)
        const paths = some.map(({ cid }) => `/ipfs/${cid}?format=raw`)
        const series = await alternately(context.runs, {
          holdfast: async () => await requestsASecond(ours, paths, context.folder),
          'Kubo gateway': async () => await requestsASecond(theirs, paths, context.folder),
        })
        const { holdfast, 'Kubo gateway': other } = series
        if (holdfast === undefined || other === undefined) throw new Error('a side is missing')
        results.push({
          title: `gateway: raw blocks of about ${bytes} bytes, ${CONNECTIONS} connections`,
          unit: '1/s',
          more: true,
          ours: holdfast,
          others: [other],
          goal: `at least ${times} times Kubo's gateway`,
          met: median(holdfast.runs) >= times * median(other.runs),
          notes: ['wrk makes the load, on the same two cores, for both alike.'],
        })
      }
      return results
    } finally {
      await kubo.remove()
      await world.close()
    }
  },
}

async function blocksOf(base: URL, root: string): Promise<{ cid: string; size: number }[]> {
  const answer = await fetch(new URL(`ipfs/${root}?format=car`, base))
  const blocks: { cid: string; size: number }[] = []
  if (answer.body !== null)
    for await (const { cid, bytes } of readCar(answer.body, { maxBlockBytes: MAX_BLOCK_BYTES }))
      if (cid.code === 0x55) blocks.push({ cid: cid.toString(), size: bytes.byteLength })
  return blocks
}

/** wrk (Debian) asks for the paths in turn, in a process of its own. */
async function requestsASecond(base: URL, paths: readonly string[], folder: string): Promise<number> {
  const script = join(folder, 'paths.lua')
  const list = paths.map((path) => JSON.stringify(path)).join(', ')
  writeFileSync(
    script,
    `local paths = { ${list} }\nlocal at = 0\nrequest = function()\n  at = at + 1\n  return wrk.format("GET", paths[at % #paths + 1])\nend\n`,
  )
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`, '-s', script, base.origin]
  const { stdout } = await promisify(execFile)('wrk', args)
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${base.host} did not answer all requests: ${stdout}`)
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1] ?? Number.NaN)
}

/** The gateway under 32 connections: raw blocks a second, small and large, beside Kubo's. */
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { readCar } from '@holdfast/dag'
import { alternately, median, type BenchCase, type CaseResult } from '../bench-case.ts'
import { generatedFiles } from '../data.ts'
import { mirrorOf, ourWorld } from '../ours.ts'
import { buildKubo, KuboNode } from '../peers/kubo.ts'

const CONNECTIONS = 32
const SECONDS = 4
const MAX_BLOCK_BYTES = 2 * 1024 * 1024

export const gateway: BenchCase = {
  name: 'gateway',
  async run(context) {
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
          holdfast: async () => await requestsASecond(ours, paths),
          'Kubo gateway': async () => await requestsASecond(theirs, paths),
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
          notes: ['The load runs in the process of the bench, on the same two cores, for both alike.'],
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

async function requestsASecond(base: URL, paths: readonly string[]): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const end = performance.now() + SECONDS * 1000
  let done = 0
  const client = async (first: number): Promise<void> => {
    for (let at = first; performance.now() < end; at++) {
      await get(base, paths[at % paths.length] ?? '', agent)
      done++
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, async (_, at) => await client(at)))
  agent.destroy()
  return done / SECONDS
}

async function get(base: URL, path: string, agent: Agent): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const asked = request({ host: base.hostname, port: base.port, path, agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${base.host} answered ${response.statusCode}`))
      response.on('end', resolve).on('error', reject).resume()
    })
    asked.on('error', reject).end()
  })
}

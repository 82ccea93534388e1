/** One mirror copies a release from one mirror on loopback, durable and every hash checked: beside Kubo's bitswap and its CAR. */
import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { readCar } from '@holdfast/dag'
import type { TestMirror, TestWorld } from '@holdfast/testkit'
import { alternately, median, secondsOf, type BenchCase, type BenchContext, type CaseResult } from '../bench-case.ts'
import { bytesIn, generatedFiles, realArchive } from '../data.ts'
import { mirrorOf, ourWorld, secondsBetween } from '../ours.ts'
import { buildKubo, KuboNode } from '../peers/kubo.ts'

export const copy: BenchCase = {
  name: 'copy',
  async run(context) {
    const generated = generatedFiles(join(context.folder, 'generated'), 10_000, 480e6)
    const results = await measured(context, generated, '10,000 files, 480 MB')
    const real = realArchive('2025-08')
    if (real === null) context.say('SKIPPED: the real archive does not stand beside the project.')
    else results.push(...(await measured(context, real, 'the real archive of 2025-08')))
    return results
  },
}

async function measured(context: BenchContext, folder: string, what: string): Promise<CaseResult[]> {
  const program = await buildKubo(context.say)
  const size = bytesIn(folder) / 1e6
  const world = ourWorld()
  const source = await KuboNode.init(program, join(context.folder, 'kubo-source'))
  try {
    const root = await source.add(folder)
    const gateway = await source.start()
    const { mirror, address, cid } = await mirrorOf(world, folder, 'source')
    if (cid !== root) throw new Error(`the root CIDs differ: ${cid}, ${root}`)
    const {
      'by libp2p': libp2p,
      'by HTTP': http,
      'Kubo pin add': bitswap,
      'Kubo CAR by HTTP': car,
    } = await alternately(context.runs, {
      'by libp2p': async () => size / (await copies(world, address, mirror.hint)),
      'by HTTP': async () => size / (await copies(world, address, mirror.gateway)),
      'Kubo pin add': async () => size / (await pins(program, context, source, root)),
      'Kubo CAR by HTTP': async () => size / (await downloads(gateway, root, join(context.folder, 'car'))),
    })
    if (libp2p === undefined || http === undefined || bitswap === undefined || car === undefined)
      throw new Error('a side is missing')
    const base = { unit: 'MB/s', more: true } as const
    const [ofLibp2p, ofHttp, ofBitswap, ofCar] = [libp2p, http, bitswap, car].map(({ runs }) => median(runs)) as [
      number,
      number,
      number,
      number,
    ]
    return [
      {
        ...base,
        title: `one mirror copies from one mirror, loopback, libp2p, encrypted; ${what}`,
        ours: libp2p,
        others: [bitswap],
        goal: 'at least 3 times Kubo bitswap',
        met: ofLibp2p >= 3 * ofBitswap,
        notes: [
          'From the first request to the release pinned and served. The receiving process is the limit: noise, hashing, and Node streams.',
        ],
      },
      {
        ...base,
        title: `the same over plain HTTP; ${what}`,
        ours: http,
        others: [bitswap, car],
        goal: 'at least 4 times Kubo bitswap, at least 1.0 of a Kubo CAR, of which nothing is verified',
        met: ofHttp >= 4 * ofBitswap && ofHttp >= ofCar,
        notes: [],
      },
    ]
  } finally {
    await source.remove()
    await world.close()
  }
}

const MAX_BLOCK_BYTES = 2 * 1024 * 1024

let copyCount = 0
/** Blocks in the CAR of a root, each time the same. */
const blocksOf = new Map<string, number>()

async function copies(world: TestWorld, address: string, from: string): Promise<number> {
  const copying: TestMirror & { seconds?: number } = await world.mirror(`copy-${copyCount++}`, [
    address,
    '--from',
    from,
  ])
  const seconds = await secondsBetween(copying.program, 'fetching', 'served')
  const { archives } = (await world.done(['status'], { home: copying.home })) as { archives: { served: number }[] }
  if (archives[0]?.served !== 1) throw new Error('the copy is not whole')
  await copying.program.kill('SIGTERM')
  return seconds
}

async function pins(program: string, context: BenchContext, source: KuboNode, root: string): Promise<number> {
  const node = await KuboNode.init(program, join(context.folder, 'kubo-copy'))
  try {
    await node.start()
    await node.ipfs('swarm', 'connect', await source.address())
    return await secondsOf(async () => await node.ipfs('pin', 'add', root))
  } finally {
    await node.remove()
  }
}

async function downloads(gateway: URL, root: string, file: string): Promise<number> {
  const seconds = await secondsOf(async () => {
    const answer = await fetch(new URL(`ipfs/${root}?format=car`, gateway))
    if (answer.body === null || !answer.ok) throw new Error(`Kubo's gateway answered ${answer.status}`)
    await pipeline(answer.body, createWriteStream(file, { flush: true }))
  })
  // One that was cut off does not end between two blocks, or ends before the last.
  const sections = readCar(createReadStream(file), { maxBlockBytes: MAX_BLOCK_BYTES })
  let blocks = 0
  while ((await sections.next()).done !== true) blocks++
  const before = blocksOf.get(root) ?? blocks
  blocksOf.set(root, blocks)
  if (blocks !== before) throw new Error(`a CAR of ${blocks} blocks after one of ${before}`)
  return seconds
}

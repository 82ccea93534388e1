/** Ten mirrors hear of a release at once, on thin lines: how long until the last has it, and what the maintainer's line carries. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { TEST_PASSPHRASE } from '@holdfast/testkit'
import type { ChildProcess } from 'node:child_process'
import { median, type BenchCase, type BenchContext } from '../bench-case.ts'
import { bytesIn, generatedFiles, realArchive } from '../data.ts'
import { Events, ourWorld, PROGRAM } from '../ours.ts'
import { torrentSwarm } from '../peers/bittorrent.ts'
import { requirePrograms } from '../peers/debian.ts'
import { Machines } from '../peers/namespaces.ts'

const MIRRORS = 10
const MBIT = 1e6
const MAINTAINER = { up: 5 * MBIT, down: 50 * MBIT }
const MIRROR = { up: 10 * MBIT, down: 50 * MBIT }
/** Milliseconds for mirrors to meet each other before there is anything to fetch. */
const MEETING_MS = 4000

export const swarm: BenchCase = {
  name: 'swarm',
  async run(context) {
    requirePrograms({ aria2c: 'aria2', opentracker: 'opentracker', ethtool: 'ethtool', ip: 'iproute2' }, context.say)
    const real = realArchive('2025-08')
    if (real === null) context.say('The real archive does not stand beside the project: generated files instead.')
    const folder = real ?? generatedFiles(join(context.folder, 'generated'), 185, 34.6e6)
    const size = bytesIn(folder)
    const figures = {
      ours: [] as number[],
      theirs: [] as number[],
      ourCopies: [] as number[],
      theirCopies: [] as number[],
    }
    for (let run = 0; run < context.runs; run++) {
      const ours = await onMachines(async (machines) => await ourSwarm(machines, folder, context))
      figures.ours.push(ours.seconds)
      figures.ourCopies.push(ours.sent / size)
      const work = join(context.folder, `torrent-${run}`)
      mkdirSync(work)
      const theirs = await onMachines(async (machines) => await torrentSwarm(machines, folder, MIRRORS, work))
      rmSync(work, { recursive: true })
      figures.theirs.push(theirs.seconds)
      figures.theirCopies.push(theirs.sent / size)
    }
    const bound = fluidBound(size)
    const seconds = median(figures.ours)
    const copies = median(figures.ourCopies)
    return [
      {
        title: `swarm: ${MIRRORS} mirrors hear at once, uplinks 10 Mbit/s, downlinks 50, maintainer 5; until the last is done`,
        unit: 's',
        more: false,
        ours: { who: 'holdfast', runs: figures.ours },
        others: [
          { who: 'aria2 and opentracker', runs: figures.theirs },
          { who: 'fluid bound', runs: [bound] },
        ],
        goal: 'at most 1.3 times the fluid bound, not slower than BitTorrent, at most 1.3 copies from the maintainer',
        met: seconds <= 1.3 * bound && seconds <= median(figures.theirs) && copies <= 1.3,
        notes: [
          `The maintainer's line carried ${copies.toFixed(2)} copies of the content, all protocols included; aria2's ${median(figures.theirCopies).toFixed(2)}.`,
          'Ours counts from the first mirror that hears of it to the last that has verified, pinned and serves it; theirs from the start of all programs.',
        ],
      },
    ]
  },
}

/** Seconds that no protocol can do without (Kumar and Ross, "Peer-assisted file distribution: the minimum distribution time", 2006). */
function fluidBound(bytes: number): number {
  const bits = 8 * bytes
  const upload = MAINTAINER.up + MIRRORS * MIRROR.up
  return Math.max(bits / MAINTAINER.up, bits / MIRROR.down, (MIRRORS * bits) / upload)
}

async function onMachines<T>(work: (machines: Machines) => Promise<T>): Promise<T> {
  const machines = new Machines([MAINTAINER, ...Array.from({ length: MIRRORS }, () => MIRROR)])
  try {
    return await work(machines)
  } finally {
    machines.close()
  }
}

async function ourSwarm(
  machines: Machines,
  folder: string,
  context: BenchContext,
): Promise<{ seconds: number; sent: number }> {
  const world = ourWorld()
  const running: ChildProcess[] = []
  try {
    const { home, address } = await world.maintainer()
    const env = { ...process.env, HOLDFAST_PASSPHRASE: TEST_PASSPHRASE }
    const addresses: string[] = []
    const served: Promise<number>[] = []
    const heard: Promise<number>[] = []
    for (let at = 1; at <= MIRRORS; at++) {
      const from = addresses.slice(-3).flatMap((text) => ['--from', text])
      const listen = [
        '--listen',
        `/ip4/${machines.address(at)}/tcp/5000`,
        '--gateway',
        '127.0.0.1:8080',
        '--allow-private',
      ]
      const args = [PROGRAM, 'mirror', address, ...from, ...listen, '--home', world.path(`mirror-${at}`), '--json']
      const mirror = machines.run(at, process.execPath, args, env)
      running.push(mirror)
      const events = new Events(mirror)
      const { multiaddrs } = (await events.line('ready')) as { multiaddrs: string[] }
      addresses.push(...multiaddrs.slice(0, 1))
      heard.push(events.line('fetching').then(() => performance.now()))
      served.push(events.line('served').then(() => performance.now()))
    }
    await delay(MEETING_MS)
    const before = machines.sentBy(0)
    const to = addresses.flatMap((text) => ['--to', text])
    const args = [PROGRAM, 'publish', folder, '-m', 'One', ...to, '--home', home, '--wait', `${MIRRORS}`, '--json']
    running.push(machines.run(0, process.execPath, args, env))
    const first = await Promise.race(heard)
    const last = Math.max(...(await Promise.all(served)))
    return { seconds: (last - first) / 1000, sent: machines.sentBy(0) - before }
  } finally {
    for (const child of running) child.kill('SIGKILL')
    await delay(1000)
    await world.close()
    context.say('  one swarm of ours ended')
  }
}

/** kill -9, again and again, in the middle of puts, flushes, pins and collections: what was durable is there. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { BlockStore } from '../../src/store/block-store.ts'
import { Retention } from '../../src/store/retention.ts'
import { collect, lostOf, temporaryFolder } from '../store/store-fixture.ts'
import { leafBlock, treeOfTen } from '../store/written-blocks.ts'

const WRITER = fileURLToPath(new URL('crashing-writer.ts', import.meta.url))
const KILLS = 15
/** Milliseconds: 15 processes are started, perhaps on a busy machine. */
const TIMEOUT = 180_000

/** Runs the writer until it has said so many lines. @returns all that it said before it was dead */
async function killedAfter(lines: number, folder: string, first: number, mode: 'put' | 'collect'): Promise<string[]> {
  const child: ChildProcess = spawn(process.execPath, [WRITER, folder, String(first), mode], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let complaint = ''
  child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  const said: string[] = []
  if (child.stdout === null) throw new Error('no stdout')
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line)
    if (said.length === lines) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  if (child.signalCode !== 'SIGKILL') throw new Error(`the writer ended by itself: ${complaint}`)
  return said
}

/** @returns the number behind the last line of that kind, or what was before */
function lastOf(said: readonly string[], kind: string, before: number): number {
  const line = said.findLast((one) => one.startsWith(`${kind} `))
  return line === undefined ? before : Number(line.slice(kind.length + 1))
}

it(
  'every flushed block survives',
  async () => {
    const folder = temporaryFolder()
    let flushed = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const said = await killedAfter(3 + ((kill * 7) % 19), folder, flushed, 'put')
      flushed = lastOf(said, 'flushed', flushed)
      const store = BlockStore.open(folder)
      expect(store.recovery).toMatchObject({ rebuilt: false, lost: 0 })
      expect(
        await lostOf(
          store,
          Array.from({ length: flushed }, (_, i) => leafBlock(i)),
        ),
      ).toEqual([])
      expect(await collect(store.verify())).toEqual([])
      await store.close()
    }
    expect(flushed).toBeGreaterThan(0)
  },
  TIMEOUT,
)

it(
  'every pinned tree survives, through collections too, and nothing is kept for ever',
  async () => {
    const folder = temporaryFolder()
    let next = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const said = await killedAfter(2 + ((kill * 11) % 17), folder, next, 'collect')
      next = lastOf(said, 'pinned', next)
      const store = BlockStore.open(folder)
      const retention = new Retention(store)
      const pinned = retention.pins().map(({ owner }) => Number(owner.slice('tree/'.length)))
      expect(pinned).toContain(next)
      const trees = pinned.map(treeOfTen)
      expect(
        await lostOf(
          store,
          trees.flatMap(({ root, leaves }) => [root, ...leaves]),
        ),
      ).toEqual([])
      await retention.gc()
      const kept = new Set(trees.flatMap(({ root, leaves }) => [root, ...leaves]).map(({ cid }) => String(cid)))
      expect(new Set([...store.cids()].map(String))).toEqual(kept)
      await store.close()
    }
  },
  TIMEOUT,
)

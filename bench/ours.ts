/** Our side: the bundle as it is published, run as programs. */
import { execFileSync, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { TestWorld, type JsonLine, type TestMirror } from '@holdfast/testkit'

const ROOT = join(import.meta.dirname, '..')

/** The launcher of the bundle. */
export const PROGRAM = join(ROOT, 'dist/holdfast/holdfast.mjs')

/** The JSON lines that a program prints. */
export class Events {
  readonly #lines: JsonLine[] = []
  readonly #waiting = new Set<() => void>()

  constructor(program: ChildProcess) {
    if (program.stdout === null) throw new Error('started without a pipe')
    createInterface({ input: program.stdout }).on('line', (text) => {
      this.#lines.push(JSON.parse(text) as JsonLine)
      for (const wake of this.#waiting) wake()
    })
  }

  /** The first with that event, said already or to come. */
  async line(event: string): Promise<JsonLine> {
    for (;;) {
      const found = this.#lines.find((line) => line['event'] === event)
      if (found !== undefined) return found
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.add(resolve)
      await promise
      this.#waiting.delete(resolve)
    }
  }
}

/** Builds the bundle. @returns a world that runs it */
export function ourWorld(): TestWorld {
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts')], { stdio: 'ignore' })
  return new TestWorld({ program: PROGRAM })
}

/** A mirror that holds the folder as release 1 of an archive. */
export async function mirrorOf(
  world: TestWorld,
  folder: string,
  name: string,
): Promise<{ mirror: TestMirror; address: string; cid: string }> {
  const { home, link, address } = await world.maintainer(`${name}-maintainer`)
  const mirror = await world.mirror(name, [link])
  const published = await world.done(['publish', folder, '-m', 'One', '--to', mirror.hint], { home })
  return { mirror, address, cid: String(published['cid']) }
}

/** @returns seconds between two events of a program, by when its lines arrived */
export async function secondsBetween(
  program: { event(name: string): Promise<JsonLine> },
  first: string,
  last: string,
): Promise<number> {
  await program.event(first)
  const began = performance.now()
  await program.event(last)
  return (performance.now() - began) / 1000
}

/** @returns megabytes that a process has in memory now, and at its most */
export function memoryOf(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const of = (field: string): number => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1000
  return { now: of('VmRSS'), peak: of('VmHWM') }
}

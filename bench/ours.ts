/** Our side: the bundle as it is published, run as programs. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TestWorld, type JsonLine, type TestMirror } from '@holdfast/testkit'

const ROOT = join(import.meta.dirname, '..')

/** Builds the bundle. @returns a world that runs it */
export function ourWorld(): TestWorld {
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts')], { stdio: 'ignore' })
  return new TestWorld({ program: join(ROOT, 'dist/holdfast/holdfast.mjs') })
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

/** One daemon for each home: real processes, real deaths. */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { lockHome } from '../../src/home-lock.ts'
import { openHome, type Home } from '../../src/home.ts'
import { temporaryFolder } from './store-fixture.ts'

const LOCKER = fileURLToPath(new URL('home-locker.ts', import.meta.url))

/** Another process that can be told to take a home. */
class Locker {
  readonly process: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>

  constructor(home: string) {
    this.process = spawn(process.execPath, [LOCKER, home], { stdio: ['pipe', 'pipe', 'ignore'] })
    this.#lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]()
    onTestFinished(() => void this.process.kill('SIGKILL'))
  }

  async line(): Promise<string> {
    return ((await this.#lines.next()).value as string | undefined) ?? 'it is gone'
  }

  async lock(): Promise<string> {
    this.process.stdin.write('go\n')
    return await this.line()
  }

  async kill(): Promise<void> {
    const gone = once(this.process, 'exit')
    this.process.kill('SIGKILL')
    await gone
  }

  get pid(): number {
    return this.process.pid ?? 0
  }
}

async function ready(home: string): Promise<Locker> {
  const locker = new Locker(home)
  expect(await locker.line()).toBe('ready')
  return locker
}

function newHome(): { folder: string; home: Home } {
  const folder = join(temporaryFolder(), 'home')
  return { folder, home: openHome({ flag: folder, env: {} }) }
}

it('a home that is taken is refused, and the process that has it is named', async () => {
  const { folder, home } = newHome()
  const [alice, bob] = await Promise.all([ready(folder), ready(folder)])
  expect(await alice.lock()).toBe('locked')
  expect(await bob.lock()).toMatch(new RegExp(`^home-in-use process ${alice.pid} `))
  await expect(lockHome(home)).rejects.toMatchObject({ code: 'home-in-use' })
})

it('a home whose daemon was killed is free at once', async () => {
  const { folder, home } = newHome()
  const alice = await ready(folder)
  expect(await alice.lock()).toBe('locked')
  await alice.kill()
  expect(existsSync(home.lock)).toBe(true)
  const lock = await lockHome(home)
  expect(JSON.parse(readFileSync(home.lock, 'utf8'))).toMatchObject({ pid: process.pid })
  await lock.release()
})

it('of many that start at once on a stale lock, one gets it', async () => {
  const { folder } = newHome()
  const dead = await ready(folder)
  expect(await dead.lock()).toBe('locked')
  const starters = await Promise.all(Array.from({ length: 6 }, () => ready(folder)))
  await dead.kill()
  const answers = await Promise.all(starters.map((starter) => starter.lock()))
  expect(answers.filter((answer) => answer === 'locked')).toHaveLength(1)
  expect(answers.filter((answer) => answer.startsWith('home-in-use'))).toHaveLength(5)
})

it('a lock that is given back is gone, and giving it back twice takes it from nobody', async () => {
  const { home } = newHome()
  const first = await lockHome(home)
  await expect(lockHome(home)).rejects.toMatchObject({
    code: 'home-in-use',
    message: expect.stringContaining(String(process.pid)),
  })
  await first.release()
  expect(existsSync(home.lock)).toBe(false)
  const second = await lockHome(home)
  await first.release()
  expect(existsSync(home.lock)).toBe(true)
  await second.release()
})

function startTime(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

describe('where the lock file alone speaks, as on a network disk', () => {
  it.runIf(process.platform === 'linux')(
    'a process that runs is believed, and one that has its number now is not',
    async () => {
      const { folder, home } = newHome()
      const other = await ready(folder)
      await (await lockHome(home)).release()
      writeFileSync(home.lock, JSON.stringify({ pid: other.pid, started: startTime(other.pid) }))
      await expect(lockHome(home)).rejects.toMatchObject({
        code: 'home-in-use',
        message: expect.stringContaining(`${other.pid}`),
      })
      writeFileSync(home.lock, JSON.stringify({ pid: other.pid, started: '1' }))
      await (await lockHome(home)).release()
    },
  )

  it('a process that is gone is not believed, nor is a file that says nothing', async () => {
    const { folder, home } = newHome()
    const other = await ready(folder)
    await (await lockHome(home)).release()
    await other.kill()
    for (const text of [JSON.stringify({ pid: other.pid, started: '1' }), '', '{"pid":-1}', 'garbage']) {
      writeFileSync(home.lock, text)
      await (await lockHome(home)).release()
    }
  })
})

/** The main job, on loopback alone: one maintainer, three mirrors, two releases, two losses, one reader. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatBytes } from '../figures.ts'
import { findDifference } from './compare-folders.ts'
import { Program, type Line } from './program.ts'
import { writeSampleArchive } from './sample-archive.ts'

const PASSPHRASE = 'only for the demo'
const MIRRORS = 3

export interface Told {
  link: string
  gateway: string
  home: string
}

/** Holds everything that the demo starts and writes. */
export class Demo {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-demo-'))
  readonly #say: (line: string) => void
  readonly #signal: AbortSignal
  readonly #programs = new Set<Program>()

  constructor(say: (line: string) => void, signal: AbortSignal) {
    this.#say = say
    this.#signal = signal
  }

  /** @throws when anything is not as it must be; call `close` whatever happens */
  async run(): Promise<Told> {
    const say = this.#say
    const content = join(this.folder, 'content')
    writeSampleArchive(content, 1)
    say('Made a small archive of invented companies.')

    await this.#maintainer(['keygen', '-o', join(this.folder, 'key.age')])
    const { address, link } = await this.#maintainer(['init', '--name', 'Working hours (demo)'])
    say(`A maintainer made a key and an archive: ${String(address)}`)

    const first = await this.#startMirror(1, String(link), [])
    const others = await Promise.all(
      [2, 3].map(async (n) => await this.#startMirror(n, String(link), ['--from', first.hint])),
    )
    const mirrors = [first, ...others]
    say(`${MIRRORS} mirrors run as programs of their own; two of them know only the first.`)

    const one = await this.#maintainer([
      'publish',
      content,
      '-m',
      'First release',
      '--to',
      first.hint,
      '--wait',
      String(MIRRORS),
    ])
    say(
      `Release 1 was signed; all ${MIRRORS} mirrors hold it: ${String(one['files'])} files, ${formatBytes(Number(one['size']))}.`,
    )

    writeSampleArchive(content, 2)
    const second = this.#start(['publish', content, '-m', 'One company more', '--wait', '99'], this.#maintainerEnv())
    await Promise.all(mirrors.map(async ({ program }) => await program.line(isServed(2))))
    await second.kill()
    rmSync(join(this.folder, 'maintainer'), { recursive: true })
    await first.program.kill()
    say(
      'Release 2 went to all mirrors. Then the maintainer was killed and its folder erased, and mirror 1 was killed too.',
    )

    const handedOut = await this.#link(others)
    const output = join(this.folder, 'fetched')
    const got = await this.#run(['get', handedOut, '-o', output, '--allow-private'], {
      HOLDFAST_HOME: join(this.folder, 'reader'),
    })
    const difference = findDifference(content, output)
    if (difference !== null) throw new Error(`what was fetched differs: ${difference}`)
    say(
      `A reader with nothing but the link got release ${String(got['release'])} from those who are left: ${String(got['files'])} files, equal byte for byte.`,
    )
    const [left] = others
    return { link: handedOut, gateway: left?.gateway ?? '', home: join(this.folder, 'reader') }
  }

  /** Ends all programs and removes all that was written. */
  async close(): Promise<void> {
    await Promise.all([...this.#programs].map(async (program) => await program.kill()))
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #link(mirrors: readonly Mirror[]): Promise<string> {
    const hints = mirrors.flatMap(({ hint }) => ['--via', hint])
    const { link } = await this.#run(['link', ...hints], { HOLDFAST_HOME: join(this.folder, 'mirror-2') })
    return String(link)
  }

  async #startMirror(n: number, link: string, more: readonly string[]): Promise<Mirror> {
    const args = ['mirror', link, '--listen', '/ip4/127.0.0.1/tcp/0', '--gateway', '127.0.0.1:0', ...more]
    const program = this.#start(args, { HOLDFAST_HOME: join(this.folder, `mirror-${n}`) })
    const ready = await program.line(({ event }) => event === 'ready')
    const [hint] = ready['multiaddrs'] as string[]
    return { program, hint: hint ?? '', gateway: String(ready['gateway']) }
  }

  #maintainerEnv(): NodeJS.ProcessEnv {
    return {
      HOLDFAST_HOME: join(this.folder, 'maintainer'),
      HOLDFAST_KEY: join(this.folder, 'key.age'),
      HOLDFAST_PASSPHRASE: PASSPHRASE,
    }
  }

  async #maintainer(args: readonly string[]): Promise<Line> {
    return await this.#run(args, this.#maintainerEnv())
  }

  async #run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Line> {
    return await this.#start(args, env).result()
  }

  #start(args: readonly string[], env: NodeJS.ProcessEnv): Program {
    this.#signal.throwIfAborted()
    const program = new Program(args, env)
    this.#programs.add(program)
    return program
  }
}

interface Mirror {
  program: Program
  hint: string
  gateway: string
}

function isServed(release: number): (line: Line) => boolean {
  return (line) => line['event'] === 'served' && line['release'] === release
}

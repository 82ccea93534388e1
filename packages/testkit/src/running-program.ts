/** The program as a user runs it: a process of its own, with a home of its own, watched line by line. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { TEST_KEY_FILES, TEST_PASSPHRASE } from './test-keys.ts'

/** A JSON line of stdout. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests read whatever interface.md says
export type JsonLine = Record<string, any>

export interface RunOptions {
  /** `--home`; left out for commands that need none. */
  home?: string
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** Modules that Node loads first (`--import`): clocks that run wrong, hooks on sockets. */
  imports?: string[]
  /** Without `--json`, for what people see. */
  plain?: boolean
  /** The launcher of another build of the program; the sources unless given. */
  program?: string
  /** Written to stdin, which then ends; without it stdin is closed. */
  input?: string | Uint8Array
}

export interface Ended {
  exitCode: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** Lines of stdout, parsed. */
  lines: JsonLine[]
  /** The only line, or an empty object. */
  json: JsonLine
  /** The `{ event: "error" }` line of stderr, or an empty object. */
  error: JsonLine
}

const PROGRAM = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url))

export class RunningProgram {
  readonly #child: ChildProcess
  readonly #lines: JsonLine[] = []
  readonly #waiting = new Set<() => void>()
  #stdout = ''
  #stderr = ''
  readonly ended: Promise<Ended>

  constructor(args: readonly string[], options: RunOptions = {}) {
    const { home, env = {}, cwd, imports = [], plain = false, input, program = PROGRAM } = options
    const loaded = imports.flatMap((module) => ['--import', module])
    const flags = [...(home === undefined ? [] : ['--home', home]), ...(plain ? [] : ['--json'])]
    this.#child = spawn(process.execPath, [...loaded, program, ...args, ...flags], {
      cwd,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: tmpdir(),
        // Halves the start of each process.
        NODE_COMPILE_CACHE: join(tmpdir(), `holdfast-compile-cache-${userInfo().uid}`),
        HOLDFAST_PASSPHRASE: TEST_PASSPHRASE,
        ...env,
      },
    })
    this.#child.stdin?.end(input)
    const out = this.#child.stdout
    if (out !== null) {
      out.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString()))
      if (!plain) createInterface({ input: out }).on('line', (text) => this.#take(text))
    }
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString()
      this.#wake()
    })
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (exitCode, signal) => {
        resolve(this.#summary(exitCode, signal))
        this.#wake()
      })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get stderr(): string {
    return this.#stderr
  }

  /** The first line, said already or to come, that fits. @throws when the program ends without it */
  async line(fits: (line: JsonLine) => boolean): Promise<JsonLine> {
    return await this.#until(() => this.#lines.find(fits))
  }

  /** Waits for a text on stderr. @throws when the program ends without it */
  async says(text: string | RegExp): Promise<void> {
    await this.#until(
      () => (typeof text === 'string' ? this.#stderr.includes(text) : text.test(this.#stderr)) || undefined,
    )
  }

  async event(name: string, release?: number): Promise<JsonLine> {
    return await this.line((line) => line['event'] === name && (release === undefined || line['release'] === release))
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Ended> {
    this.#child.kill(signal)
    return await this.ended
  }

  async #until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(
          `the program ended (${this.#child.exitCode}) without what was waited for.\n${this.#stdout}\n${this.#stderr}`,
        )
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  #take(text: string): void {
    this.#lines.push(JSON.parse(text) as JsonLine)
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }

  #summary(exitCode: number | null, signal: NodeJS.Signals | null): Ended {
    const error = this.#stderr.split('\n').findLast((line) => line.startsWith('{"event":"error"'))
    const [only] = this.#lines
    return {
      exitCode,
      signal,
      stdout: this.#stdout,
      stderr: this.#stderr,
      lines: this.#lines,
      json: only ?? {},
      error: error === undefined ? {} : (JSON.parse(error) as JsonLine),
    }
  }
}

/** Folders and processes of one test file; `close` ends and removes all of them. */
export class TestWorld {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  readonly #programs = new Set<RunningProgram>()
  readonly #defaults: RunOptions
  #keys = 0

  /** @param defaults for everything that is run here */
  constructor(defaults: RunOptions = {}) {
    this.#defaults = defaults
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts)
  }

  /** Starts the program; it is killed with the world. */
  start(args: readonly string[], options: RunOptions = {}): RunningProgram {
    const program = new RunningProgram(args, { ...this.#defaults, ...options })
    this.#programs.add(program)
    return program
  }

  /** Runs a command to its end. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return await this.start(args, options).ended
  }

  /** Runs a command that must succeed. @returns its JSON */
  async done(args: readonly string[], options: RunOptions = {}): Promise<JsonLine> {
    const ended = await this.run(args, options)
    if (ended.exitCode !== 0)
      throw new Error(`holdfast ${args.join(' ')} ended with ${ended.exitCode}.\n${ended.stderr}`)
    return ended.json
  }

  /** Writes the key of another maintainer, which opens at once. @returns the file */
  keyFile(file: string): string {
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, TEST_KEY_FILES[this.#keys++ % TEST_KEY_FILES.length] ?? '')
    return file
  }

  /** A maintainer's home with a key and an archive. */
  async maintainer(name = 'maintainer'): Promise<{ home: string; address: string; link: string }> {
    const home = this.path(name)
    this.keyFile(join(home, 'keys', 'maintainer.age'))
    const { address, link } = await this.done(['init', '--name', `The archive of ${name}`], { home })
    return { home, address: String(address), link: String(link) }
  }

  /** A mirror on free loopback ports, once it serves. */
  async mirror(name: string, args: readonly string[], options: RunOptions = {}): Promise<TestMirror> {
    const home = this.path(name)
    const listening = ['--listen', '/ip4/127.0.0.1/tcp/0', '--gateway', '127.0.0.1:0']
    const program = this.start(['mirror', ...args, ...listening], { home, ...options })
    const ready = await program.event('ready')
    return { program, home, hint: String(ready['multiaddrs'][0]), gateway: String(ready['gateway']) }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#programs].map(async (program) => await program.kill()))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export interface TestMirror {
  program: RunningProgram
  home: string
  hint: string
  gateway: string
}

/** Runs this very program as further processes, none of which outlives this one. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A JSON line of a program's stdout. */
export type Line = { [field: string]: unknown }

export class Program {
  readonly #child: ChildProcess
  readonly #lines: Line[] = []
  readonly #waiting = new Set<() => void>()
  #errors = ''

  /**
   * @param args of the program; `--json` is added
   * @param env beside our own
   */
  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    const { NODE_CHANNEL_FD: _own, ...inherited } = process.env
    // The channel tells the child when we are gone, however we ended (see src/cli.ts).
    this.#child = spawn(process.execPath, [process.argv[1] ?? '', ...args, '--json'], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...inherited, ...env, HOLDFAST_LAUNCHED: '1' },
    })
    const { stdout, stderr } = this.#child
    if (stdout !== null) {
      createInterface({ input: stdout }).on('line', (text) => {
        this.#lines.push(JSON.parse(text) as Line)
        this.#wake()
      })
    }
    stderr?.on('data', (text: Buffer) => (this.#errors += text.toString()))
    this.#child.on('exit', () => this.#wake())
  }

  /** The first line, already said or to come, that fits. @throws when the program ends without it */
  async line(fits: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      const found = this.#lines.find(fits)
      if (found !== undefined) return found
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`a part of the demo ended early: ${this.#errors}`)
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  /** The one line of a command that ends well. @throws with what it said otherwise */
  async result(): Promise<Line> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'close')
    const [line] = this.#lines
    if (this.#child.exitCode !== 0 || line === undefined) throw new Error(`a part of the demo failed: ${this.#errors}`)
    return line
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

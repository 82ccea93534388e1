/** Everything the program says: results on stdout, all else on stderr (interface.md). */
import { stripVTControlCharacters } from 'node:util'
import type { Failure } from './failure.ts'
import { PROGRESS_INTERVAL_MS } from './limits.ts'

/** A JSON object; undefined fields are left out. */
export type Result = { [field: string]: unknown }

export class Output {
  readonly json: boolean
  readonly verbose: boolean
  readonly #out: NodeJS.WriteStream
  readonly #err: NodeJS.WriteStream
  #barShown = false
  #lastProgress = 0

  constructor(o: { json: boolean; verbose: boolean; stdout: NodeJS.WriteStream; stderr: NodeJS.WriteStream }) {
    this.json = o.json
    this.verbose = o.verbose
    this.#out = o.stdout
    this.#err = o.stderr
  }

  /** The one result of a command: as JSON with --json, else as lines for people. */
  result(value: Result, lines: readonly string[]): void {
    this.#clearBar()
    if (this.json) this.#out.write(`${JSON.stringify(value)}\n`)
    else for (const line of lines) this.#out.write(`${printable(line)}\n`)
  }

  /** One of many: a JSON line with --json, else a line for people; for `mirror` and `status --watch`. */
  event(value: Result, line: string): void {
    this.result(value, line.split('\n'))
  }

  /** Bytes of a file, as they are. Resolves when stdout takes more. */
  async bytes(chunk: Uint8Array): Promise<void> {
    this.#clearBar()
    if (!this.#out.write(chunk)) await new Promise((resolve) => this.#out.once('drain', resolve))
  }

  /** A remark on stderr. */
  note(line: string): void {
    this.#clearBar()
    this.#err.write(`${printable(line)}\n`)
  }

  /** A remark for whoever looks for a cause. */
  detail(line: string): void {
    if (this.verbose) this.note(line)
  }

  /**
   * How far something is: a bar that moves on a terminal, a line every few seconds elsewhere, nothing with --json on a terminal-less stderr.
   *
   * @param now milliseconds
   */
  progress(line: string, now: number): void {
    if (this.#err.isTTY) {
      if (now - this.#lastProgress < 100) return
      this.#lastProgress = now
      this.#err.write(`\r\u001B[K${printable(line).slice(0, Math.max(20, this.#err.columns - 1))}`)
      this.#barShown = true
      return
    }
    if (now - this.#lastProgress < PROGRESS_INTERVAL_MS) return
    this.#lastProgress = now
    this.note(line)
  }

  /** The last thing that a failed command says. */
  failure(failure: Failure, error: unknown): void {
    this.#clearBar()
    const { code, message, hint } = failure
    if (this.json) this.#err.write(`${JSON.stringify({ event: 'error', code, message: printable(message), hint })}\n`)
    else this.#err.write(`${printable(message)}\n${printable(hint)}\n`)
    if (this.verbose && error instanceof Error) this.#err.write(`${describe(error)}\n`)
  }

  #clearBar(): void {
    if (this.#barShown) this.#err.write('\r\u001B[K')
    this.#barShown = false
  }
}

/** Names and messages come from strangers: no escape sequence of theirs reaches a terminal. */
function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, (char) =>
    char === '\t' ? '\t' : '\uFFFD',
  )
}

function describe(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${describe(error.cause)}` : ''
  return `${error.stack ?? error.message}${cause}`
}

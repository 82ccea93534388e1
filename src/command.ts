/** What a command is: one verb with its flags. `cli.ts` finds and runs it; commands/* hold one each. */
import type { ExitCode } from './failure.ts'
import type { Flag } from './flags.ts'
import type { Home } from './home.ts'
import type { Output } from './output.ts'
import type { Settings } from './settings.ts'

export interface Command {
  name: string
  /** One line for the list of commands. */
  summary: string
  /** Positional arguments as help shows them, such as `WHAT [-o DIR]`. */
  usage: string
  /** How many positional arguments at least and at most. */
  positionals: readonly [number, number]
  flags: readonly Flag[]
  /** @returns an exit code when it is not 0 and yet the command has said all there is to say */
  run(context: CommandContext): Promise<ExitCode | undefined>
}

export interface CommandContext {
  args: readonly string[]
  settings: Settings
  home: Home
  out: Output
  env: NodeJS.ProcessEnv
  /** Aborted on Ctrl-C and on SIGTERM; its reason is an InterruptError. */
  signal: AbortSignal
  readonly now: () => Date
}

/** Why a command is to stop. */
export class InterruptError extends Error {
  readonly signal: NodeJS.Signals

  constructor(signal: NodeJS.Signals) {
    super(`stopped by ${signal}`)
    this.name = 'AbortError'
    this.signal = signal
  }
}

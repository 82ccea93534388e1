/** Arguments to one of commands/*, loaded only then; the one place that sets the exit code. */
import { InterruptError, type Command } from './command.ts'
import { GLOBAL_FLAGS } from './flags.ts'
import { CommandError, EXIT, failureOf, type ExitCode } from './failure.ts'
import { completionScript, helpOf, helpOfAll } from './help.ts'
import { openHome } from './home.ts'
import { Output } from './output.ts'
import { parseCommandLine, resolveSettings, usageError } from './settings.ts'
import { versionText } from './version.ts'

type Load = () => Promise<{ command: Command }>

/** In the order in which help lists them. */
const COMMANDS = new Map<string, Load>([
  ['demo', () => import('./commands/demo.ts')],
  ['get', () => import('./commands/get.ts')],
  ['ls', () => import('./commands/ls.ts')],
  ['cat', () => import('./commands/cat.ts')],
  ['log', () => import('./commands/log.ts')],
  ['verify', () => import('./commands/verify.ts')],
  ['mirror', () => import('./commands/mirror.ts')],
  ['follow', () => import('./commands/follow.ts')],
  ['unfollow', () => import('./commands/unfollow.ts')],
  ['status', () => import('./commands/status.ts')],
  ['gc', () => import('./commands/gc.ts')],
  ['keygen', () => import('./commands/keygen.ts')],
  ['init', () => import('./commands/init.ts')],
  ['publish', () => import('./commands/publish.ts')],
  ['cosign', () => import('./commands/cosign.ts')],
  ['announce', () => import('./commands/announce.ts')],
  ['maintainers', () => import('./commands/maintainers.ts')],
  ['renew', () => import('./commands/renew.ts')],
  ['link', () => import('./commands/link.ts')],
  ['export', () => import('./commands/export.ts')],
  ['import', () => import('./commands/import.ts')],
])

const loadAll = async (): Promise<Command[]> =>
  await Promise.all([...COMMANDS.values()].map(async (load) => (await load()).command))

async function main(args: readonly string[]): Promise<ExitCode> {
  const out = new Output({
    json: args.includes('--json'),
    verbose: args.includes('--verbose'),
    stdout: process.stdout,
    stderr: process.stderr,
  })
  const interruption = new AbortController()
  stopOnSignals(interruption)
  try {
    return (await dispatch(args, out, interruption.signal)) ?? EXIT.done
  } catch (error) {
    const { reason } = interruption.signal as { reason?: unknown }
    const stopped = reason instanceof InterruptError && !(error instanceof CommandError)
    const failure = failureOf(stopped ? reason : error)
    out.failure(failure, error)
    return failure.exitCode
  }
}

async function dispatch(args: readonly string[], out: Output, signal: AbortSignal): Promise<ExitCode | undefined> {
  const [name = 'help', ...rest] = args
  if (name === '--version' || name === 'version') {
    out.result({ version: versionText() }, [`holdfast ${versionText()}`])
    return undefined
  }
  if (name === 'completion') {
    out.result({}, [completionScript(rest[0] ?? '', await loadAll())])
    return undefined
  }
  if (name === 'help' || name === '--help' || name === '-h') return await showHelp(rest, out)
  const load = COMMANDS.get(name)
  if (load === undefined)
    throw usageError(`There is no command "${name}".`, 'See "holdfast help" for those that there are.')
  const { command } = await load()
  const flags = [...command.flags, ...GLOBAL_FLAGS]
  const { positionals, given } = parseCommandLine(rest, flags)
  if (given.get('help') === true) return await showHelp([name], out)
  const home = openHome({ flag: given.get('home') as string | undefined, env: process.env })
  const settings = resolveSettings(flags, given, process.env, home.config)
  requireCount(command, positionals)
  const { stdout, stderr } = process
  const output = new Output({ json: settings.isSet('json'), verbose: settings.isSet('verbose'), stdout, stderr })
  return await command.run({
    args: positionals,
    settings,
    home,
    out: output,
    env: process.env,
    signal,
    now: () => new Date(),
  })
}

async function showHelp(args: readonly string[], out: Output): Promise<undefined> {
  const load = COMMANDS.get(args[0] ?? '')
  const lines = load === undefined ? helpOfAll(await loadAll()) : helpOf((await load()).command)
  out.result({ help: lines.join('\n') }, lines)
  return undefined
}

function requireCount({ name, usage, positionals: [least, most] }: Command, given: readonly string[]): void {
  if (given.length >= least && given.length <= most) return
  const problem = given.length < least ? 'Something is missing' : `"${given[most]}" is too much`
  throw usageError(`${problem}: holdfast ${name} ${usage}`, `See "holdfast help ${name}".`)
}

function stopOnSignals(interruption: AbortController): void {
  const onSignal = (signal: NodeJS.Signals): void => {
    // Whoever asks twice does not want to wait for an orderly end.
    if (interruption.signal.aborted) process.exit(EXIT.interrupted)
    interruption.abort(new InterruptError(signal))
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.on('SIGHUP', onSignal)
  // The launcher of an older Node is gone, killed perhaps: nobody would ever stop us.
  if (process.env['HOLDFAST_LAUNCHED'] === '1') process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
}

/** Whoever reads our output may go away early (`holdfast log | head`): no failure of ours. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.done)
    throw error
  })
}

const code = await main(process.argv.slice(2))
process.exitCode = code
// What is left on stdout must reach a slow reader before sockets and timers that nobody waits for are cut off.
// Not by `end`: where stdout is a socket, that would close it for the shell and all who write to it after us.
process.stdout.write('', () => process.exit(code))

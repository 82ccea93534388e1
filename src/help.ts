/** Help texts and shell completion, made from the commands themselves. */
import type { Command } from './command.ts'
import { GLOBAL_FLAGS, type Flag } from './flags.ts'
import { usageError } from './settings.ts'

const WIDTH_OF_NAMES = 26

/** @returns lines listing all commands */
export function helpOfAll(commands: readonly Command[]): string[] {
  return [
    'holdfast keeps a signed archive alive on many machines, so that no single one can be made to drop it.',
    '',
    ...commands.map(({ name, summary }) => `  holdfast ${name.padEnd(10)} ${summary}`),
    '',
    'Try it: holdfast demo. More of a command: holdfast help COMMAND.',
  ]
}

/** @returns lines about one command */
export function helpOf({ name, usage, summary, flags }: Command): string[] {
  return [
    `holdfast ${name} ${usage}`.trimEnd(),
    `  ${summary}`,
    '',
    ...[...flags, ...GLOBAL_FLAGS].map(lineOf),
    '',
    'Each flag can also be given as HOLDFAST_<FLAG> in the environment or as a line of config.toml.',
  ]
}

/** @throws CommandError for a shell that we do not know */
export function completionScript(shell: string, commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name).join(' ')
  const flags = [
    ...new Set([...GLOBAL_FLAGS, ...commands.flatMap((one) => one.flags)].map(({ name }) => `--${name}`)),
  ].join(' ')
  if (shell === 'bash') {
    return `_holdfast() { local words="${flags}"; [ "$COMP_CWORD" = 1 ] && words="${names}"; COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")); }
complete -o default -F _holdfast holdfast`
  }
  if (shell === 'zsh') {
    return `#compdef holdfast
_holdfast() { if (( CURRENT == 2 )); then compadd ${names}; else compadd -- ${flags}; _files; fi }
compdef _holdfast holdfast`
  }
  if (shell === 'fish') {
    const flagLines = flags.split(' ').map((flag) => `complete -c holdfast -l ${flag.slice(2)}`)
    return [`complete -c holdfast -n __fish_use_subcommand -a "${names}"`, ...flagLines].join('\n')
  }
  throw usageError(`There is no completion for "${shell}".`, 'Say: holdfast completion bash, zsh or fish.')
}

function lineOf({ name, short, value, help }: Flag): string {
  const names = `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
  return `  ${names.padEnd(WIDTH_OF_NAMES)} ${help}`
}

/** Values of flags: the command line, else the environment, else config.toml (interface.md). */
import { readFileSync, statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parse as parseToml, TomlError } from 'smol-toml'
import type { Flag } from './flags.ts'
import { CommandError, EXIT } from './failure.ts'
import { MAX_CONFIG_BYTES } from './limits.ts'

type Value = string | boolean | string[]

/** The values that hold for one command. */
export class Settings {
  readonly #values: ReadonlyMap<string, Value>

  constructor(values: ReadonlyMap<string, Value>) {
    this.#values = values
  }

  /** @returns the text, or undefined when it was given nowhere */
  text(name: string): string | undefined {
    const value = this.#values.get(name)
    return typeof value === 'string' ? value : undefined
  }

  /** @returns all values of a repeatable flag; empty when it was given nowhere */
  list(name: string): string[] {
    const value = this.#values.get(name)
    return Array.isArray(value) ? value : []
  }

  isSet(name: string): boolean {
    return this.#values.get(name) === true
  }

  /** @throws CommandError when the text is not a whole number of at least `least` */
  number(name: string, least: number): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const value = Number(text)
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value
    throw usageError(`--${name} ${text} is not a whole number of at least ${least}.`)
  }

  /** Reads sizes such as `10GB`, `500 MiB` or `1000`. @returns bytes @throws CommandError for anything else */
  bytes(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?$/i.exec(text.trim())
    if (match === null) throw usageError(`--${name} ${text} is not a size such as 10GB.`)
    const [, digits = '', unit = '', binary = ''] = match
    const power = ['', 'k', 'm', 'g', 't'].indexOf(unit.toLowerCase())
    return Math.floor(Number(digits) * (binary === '' ? 1000 : 1024) ** power)
  }
}

/** A mistake in how the program was called: exit code 2. */
export function usageError(message: string, hint = 'See "holdfast help".', cause?: unknown): CommandError {
  return new CommandError(EXIT.usage, 'usage', message, hint, { cause })
}

/**
 * @param args what stands behind the command's name
 * @returns positional arguments, and flags of the command line alone
 * @throws CommandError for flags that the command does not know
 */
export function parseCommandLine(
  args: readonly string[],
  flags: readonly Flag[],
): { positionals: string[]; given: Map<string, Value> } {
  const options = Object.fromEntries(
    flags.map(({ name, type, short, multiple }) => [
      name,
      { type, multiple: multiple === true, ...(short === undefined ? {} : { short }) },
    ]),
  )
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
    return { positionals, given: new Map(Object.entries(values) as [string, Value][]) }
  } catch (error) {
    const message = error instanceof Error ? error.message.split(/\.? To specify|\n/)[0] : String(error)
    throw usageError(`${message?.replace(/\.$/, '')}.`, undefined, error)
  }
}

/**
 * Fills in what the command line leaves open.
 *
 * @param configFile may be absent
 * @throws CommandError naming the place of a value that cannot be meant
 */
export function resolveSettings(
  flags: readonly Flag[],
  given: ReadonlyMap<string, Value>,
  env: NodeJS.ProcessEnv,
  configFile: string,
): Settings {
  const values = new Map(given)
  const config = readConfig(configFile)
  for (const flag of flags) {
    if (values.has(flag.name)) continue
    const variable = `HOLDFAST_${flag.name.toUpperCase().replaceAll('-', '_')}`
    const fromEnv = env[variable]
    if (fromEnv !== undefined && fromEnv !== '') values.set(flag.name, valueOf(flag, textOf(flag, fromEnv), variable))
    else if (config.has(flag.name))
      values.set(flag.name, valueOf(flag, config.get(flag.name), `${flag.name} in ${configFile}`))
  }
  return new Settings(values)
}

function textOf(flag: Flag, text: string): string | string[] {
  return flag.multiple === true ? text.split(/[\s,]+/).filter((part) => part !== '') : text
}

function valueOf(flag: Flag, value: unknown, where: string): Value {
  if (flag.type === 'boolean') {
    if (typeof value === 'boolean') return value
    if (value === '1' || value === 'true' || value === 'yes') return true
    if (value === '0' || value === 'false' || value === 'no') return false
    throw usageError(`${where} must be true or false.`)
  }
  if (flag.multiple === true) {
    const list: unknown[] = Array.isArray(value) ? value : [value]
    if (list.every((one) => typeof one === 'string')) return list
    throw usageError(`${where} must be a text or a list of texts.`)
  }
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  throw usageError(`${where} must be a text or a number.`)
}

function readConfig(file: string): Map<string, unknown> {
  let text: string
  try {
    if (statSync(file).size > MAX_CONFIG_BYTES) throw usageError(`${file} is too large for a configuration.`)
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof CommandError) throw error
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map()
    throw usageError(`${file} cannot be read.`, 'Check its permissions.', error)
  }
  try {
    return new Map(Object.entries(parseToml(text)))
  } catch (error) {
    const line = error instanceof TomlError ? ` line ${error.line}` : ''
    throw usageError(`${file}${line} is not TOML.`, 'Mend or remove that line.', error)
  }
}

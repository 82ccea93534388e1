/** Where a passphrase comes from: whatever was named explicitly, else whoever sits at the terminal. Never a flag's value. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { keepOutOfCoreDumps } from './core-dumps.ts'
import { KeyError } from './errors.ts'
import { MAX_PASSPHRASE_BYTES } from './limits.ts'
import { openTerminal, type Terminal } from './terminal.ts'

export interface PassphraseOptions {
  /** `--passphrase-file`, when it was given. */
  file?: string | undefined
  env: Readonly<Record<string, string | undefined>>
  /** `new` asks twice. */
  purpose: 'open' | 'new'
  /** What it is for, as the question names it: the key file. */
  keyFile: string
  /** @returns null when there is nobody to be asked; the process's own terminal unless given */
  terminal?: () => Terminal | null
}

const VARIABLE = 'HOLDFAST_PASSPHRASE'

/**
 * `--passphrase-file`, else `HOLDFAST_PASSPHRASE`, else `HOLDFAST_PASSPHRASE_FILE`, else the output of
 * `HOLDFAST_PASSPHRASE_COMMAND`, else asked on the terminal. One newline at the end is not part of it.
 *
 * @throws KeyError 'no-passphrase', 'empty-passphrase', 'bad-passphrase-source', 'passphrase-mismatch', 'interrupted';
 *   the message names the source, never what came from it
 */
export async function readPassphrase(options: PassphraseOptions): Promise<string> {
  keepOutOfCoreDumps()
  const { file, env } = options
  const variable = env[VARIABLE]
  const variableFile = env[`${VARIABLE}_FILE`]
  const command = env[`${VARIABLE}_COMMAND`]
  if (file !== undefined) return fromFile(file, '--passphrase-file')
  if (variable !== undefined) return checked(Buffer.from(variable), VARIABLE)
  if (variableFile !== undefined) return fromFile(variableFile, `${VARIABLE}_FILE`)
  if (command !== undefined) return fromCommand(command)
  return await asked(options)
}

function fromFile(file: string, source: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new KeyError('bad-passphrase-source', `the passphrase cannot be read from ${file} (${source}): ${reason}`, {
      cause,
    })
  }
  return checked(bytes, `${file} (${source})`)
}

/** The command may itself ask: it keeps the terminal. */
function fromCommand(command: string): string {
  const source = `${VARIABLE}_COMMAND`
  const { status, signal, stdout, error } = spawnSync(command, {
    shell: true,
    stdio: ['inherit', 'pipe', 'inherit'],
    maxBuffer: MAX_PASSPHRASE_BYTES * 2,
  })
  if (error !== undefined || status !== 0) {
    const how = error?.message ?? signal ?? `exit code ${status}`
    throw new KeyError('bad-passphrase-source', `the command in ${source} gave no passphrase (${how})`)
  }
  return checked(stdout, `the command in ${source}`)
}

async function asked({ purpose, keyFile, terminal = openTerminal }: PassphraseOptions): Promise<string> {
  const open = terminal()
  if (open === null) {
    const message = `a passphrase is needed for ${keyFile}, and there is no terminal to ask on`
    throw new KeyError('no-passphrase', message)
  }
  try {
    const first = await open.askHidden(`${purpose === 'new' ? 'New passphrase' : 'Passphrase'} for ${keyFile}: `)
    const passphrase = checked(Buffer.from(first), 'the terminal')
    if (purpose === 'new' && (await open.askHidden('The same again: ')) !== first) {
      throw new KeyError('passphrase-mismatch', 'the two passphrases are not the same; nothing was written')
    }
    return passphrase
  } finally {
    open.close()
  }
}

function checked(bytes: Buffer, source: string): string {
  if (bytes.length > MAX_PASSPHRASE_BYTES) {
    throw new KeyError(
      'bad-passphrase-source',
      `${source} gives more than the ${MAX_PASSPHRASE_BYTES} bytes of a passphrase`,
    )
  }
  const text = decoded(bytes, source).replace(/\r?\n$/, '')
  if (text === '') throw new KeyError('empty-passphrase', `the passphrase from ${source} is empty`)
  return text
}

function decoded(bytes: Buffer, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new KeyError('bad-passphrase-source', `the passphrase from ${source} is not UTF-8 text`)
  }
}

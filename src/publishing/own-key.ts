/** The maintainer's key at work: which file, and its passphrase. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Signer } from '@holdfast/release'
import type { CommandContext } from '../command.ts'
import { openKeyFile, requireKeyFile } from '../keys/key-file.ts'
import { readPassphrase } from '../keys/passphrase.ts'
import { usageError } from '../settings.ts'

/** A key whose passphrase was given; opening it takes a second of another thread. */
export interface Unlocking {
  /** @throws KeyError */
  signer: Promise<Signer>
}

/** As `unlockOwnKey`, until the key is open. */
export async function openOwnKey(context: CommandContext): Promise<Signer> {
  return await (
    await unlockOwnKey(context)
  ).signer
}

/**
 * Asks for the passphrase of the file that `--key` names, else of the only one in the keys folder.
 *
 * @throws CommandError 'usage' when it is not clear which; KeyError
 */
export async function unlockOwnKey({ settings, home, env }: CommandContext): Promise<Unlocking> {
  const file = settings.text('key') ?? onlyKeyIn(home.keys)
  requireKeyFile(file)
  const passphrase = await readPassphrase({
    file: settings.text('passphrase-file'),
    env,
    purpose: 'open',
    keyFile: file,
  })
  const signer = openKeyFile(file, passphrase)
  signer.catch(() => {}) // For whoever needs the key, if somebody does.
  return { signer }
}

function onlyKeyIn(folder: string): string {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.age')) : []
  const [only, another] = files
  if (only === undefined)
    throw usageError('There is no key here.', 'Make one with "holdfast keygen", or name one with --key.')
  if (another !== undefined) throw usageError(`There are several keys in ${folder}.`, 'Say which one with --key.')
  return join(folder, only)
}

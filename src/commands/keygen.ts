import { join } from 'node:path'
import type { Command } from '../command.ts'
import { FLAG_PASSPHRASE_FILE } from '../flags.ts'
import { makeHome } from '../home.ts'
import { createKeyFile } from '../keys/key-file.ts'
import { readPassphrase } from '../keys/passphrase.ts'

export const command: Command = {
  name: 'keygen',
  summary: "make a maintainer's key, encrypted under a passphrase",
  usage: '[-o FILE]',
  positionals: [0, 0],
  flags: [
    {
      name: 'output',
      type: 'string',
      short: 'o',
      value: 'FILE',
      help: 'the key file; else one in the keys folder of the home',
    },
    FLAG_PASSPHRASE_FILE,
  ],
  async run({ settings, home, out, env }) {
    makeHome(home)
    const file = settings.text('output') ?? join(home.keys, 'maintainer.age')
    const passphrase = await readPassphrase({
      file: settings.text('passphrase-file'),
      env,
      purpose: 'new',
      keyFile: file,
    })
    const { publicKey } = await createKeyFile(file, passphrase)
    out.result({ publicKey, file }, [
      `Key file: ${file}`,
      `Public key: ${publicKey}`,
      'Keep a copy of the file somewhere safe. Without it and its passphrase nobody can sign for you.',
    ])
    return undefined
  },
}

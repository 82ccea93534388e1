import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Command } from '../command.ts'
import { FLAG_PASSPHRASE_FILE } from '../flags.ts'
import { makeHome } from '../home.ts'
import { createKeyFile, requireNoKeyFile } from '../keys/key-file.ts'
import { wordsOfSeed } from '../keys/paper-words.ts'
import { readPassphrase } from '../keys/passphrase.ts'
import { readWords } from '../keys/read-words.ts'
import { usageError } from '../settings.ts'

const SEED_BYTES = 32

export const command: Command = {
  name: 'keygen',
  summary: "make a maintainer's key, encrypted under a passphrase, with words to write on paper",
  usage: '[-o FILE] [--restore]',
  positionals: [0, 0],
  flags: [
    {
      name: 'output',
      type: 'string',
      short: 'o',
      value: 'FILE',
      help: 'the key file; else one in the keys folder of the home',
    },
    { name: 'restore', type: 'boolean', help: 'make the key file anew from the words on paper' },
    { name: 'words-file', type: 'string', value: 'FILE', help: 'with --restore: read the words from this file' },
    { name: 'words', type: 'boolean', help: 'put the words into the JSON too, where they may end in a log' },
    FLAG_PASSPHRASE_FILE,
  ],
  async run({ settings, home, out, env }) {
    const restore = settings.isSet('restore')
    const wordsFile = settings.text('words-file')
    if (wordsFile !== undefined && !restore) throw usageError('--words-file says where --restore reads: add --restore.')
    makeHome(home)
    const file = settings.text('output') ?? join(home.keys, 'maintainer.age')
    // Before anybody types 24 words for nothing.
    requireNoKeyFile(file)
    const seed = restore ? await readWords(wordsFile) : randomBytes(SEED_BYTES)
    try {
      const passphrase = await readPassphrase({
        file: settings.text('passphrase-file'),
        env,
        purpose: 'new',
        keyFile: file,
      })
      const shown = !restore && (!out.json || settings.isSet('words'))
      const words = shown ? wordsOfSeed(seed) : undefined
      const { publicKey } = await createKeyFile(file, passphrase, { seed })
      out.result({ publicKey, file, words }, [
        `Key file: ${file}`,
        `Public key: ${publicKey}`,
        ...(words === undefined ? [] : onPaper(words)),
      ])
      return undefined
    } finally {
      seed.fill(0)
    }
  },
}

function onPaper(words: string): string[] {
  return [
    'Write these words on paper and keep it where nobody else looks: whoever has them has the key, without any passphrase, and with them "holdfast keygen --restore" brings it back.',
    '',
    ...rowsOf(words.split(' ')),
  ]
}

/** Six in a row, numbered, so that an error can name a place on the paper. */
function rowsOf(words: readonly string[]): string[] {
  const cells = words.map((word, at) => `${String(at + 1).padStart(2)}. ${word}`.padEnd(13))
  return [0, 6, 12, 18].map(
    (from) =>
      `  ${cells
        .slice(from, from + 6)
        .join(' ')
        .trimEnd()}`,
  )
}

/** Where the words of a key come from when it is restored: a file that was named, else whoever sits at the terminal. */
import { readFileSync } from 'node:fs'
import { keepOutOfCoreDumps } from './core-dumps.ts'
import { KeyError } from './errors.ts'
import { MAX_WORDS_BYTES } from './limits.ts'
import { PAPER_WORDS, seedOfWords } from './paper-words.ts'
import { openTerminal, type Terminal } from './terminal.ts'

/**
 * @param file `--words-file`, when it was given
 * @param terminal @returns null when there is nobody to be asked
 * @returns the seed, 32 bytes; the caller overwrites it
 * @throws KeyError 'bad-words', 'no-words', 'io', 'interrupted'; no message holds a word
 */
export async function readWords(
  file: string | undefined,
  terminal: () => Terminal | null = openTerminal,
): Promise<Uint8Array> {
  keepOutOfCoreDumps()
  if (file !== undefined) return fromFile(file)
  const open = terminal()
  if (open === null) throw new KeyError('no-words', 'the words are needed, and there is no terminal to ask for them')
  try {
    return seedOfWords(await open.askHidden(`The ${PAPER_WORDS} words, in one line (what is typed is not shown): `))
  } finally {
    open.close()
  }
}

function fromFile(file: string): Uint8Array {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new KeyError('io', `the words cannot be read from ${file}: ${reason}`, { cause })
  }
  try {
    if (bytes.length > MAX_WORDS_BYTES) throw new KeyError('bad-words', `${file} holds more than ${PAPER_WORDS} words`)
    return seedOfWords(bytes.toString('utf8'))
  } finally {
    bytes.fill(0)
  }
}

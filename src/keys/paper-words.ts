/**
 * A maintainer's key on paper: the 32 bytes of its seed as 24 words (BIP-39, English list, no passphrase), the last of which
 * holds eight bits of checksum. Any BIP-39 program turns them back into the seed, as "entropy".
 */
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { KeyError } from './errors.ts'

/** BIP-39: 11 bits a word, for 256 bits and 8 of checksum. */
export const PAPER_WORDS = 24

/** @param seed 32 bytes, left as they are @returns words with one space between; a string, which nobody can overwrite */
export function wordsOfSeed(seed: Uint8Array): string {
  return entropyToMnemonic(seed, wordlist)
}

/**
 * @param text as read or typed: in capitals or not, with any white space between; numbers such as `3.` before words are
 *   passed over. Every word but a misspelt one is known by its first four letters, so these are enough.
 * @returns 32 bytes; the caller overwrites them
 * @throws KeyError 'bad-words', which names positions and never a word
 */
export function seedOfWords(text: string): Uint8Array {
  const typed = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '' && !/^\d+[.:)]?$/.test(word))
  const words = typed.map(wholeWord)
  const unknown = words.flatMap((word, at) => (word === null ? [at + 1] : []))
  if (words.length !== PAPER_WORDS) {
    throw new KeyError('bad-words', `these are ${words.length} words, and a key has ${PAPER_WORDS}`)
  }
  if (unknown.length > 0) {
    const which = unknown.length === 1 ? `word ${unknown[0]} is` : `words ${unknown.join(', ')} are`
    throw new KeyError('bad-words', `${which} not on the list: mistyped, or misread on the paper`)
  }
  try {
    return mnemonicToEntropy(words.join(' '), wordlist)
  } catch {
    // Without the cause: it must never quote what was typed.
    const message = 'each word is on the list, but together they are no key: one is another word, or two changed places'
    throw new KeyError('bad-words', message)
  }
}

/** BIP-39 chose the list so that four letters tell each word from all others. */
const UNIQUE_LETTERS = 4

function wholeWord(typed: string): string | null {
  if (wordlist.includes(typed)) return typed
  if (typed.length !== UNIQUE_LETTERS) return null
  return wordlist.find((word) => word.startsWith(typed)) ?? null
}

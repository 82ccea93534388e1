/** A key as words on paper, and back. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, property, uint8Array } from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { PAPER_WORDS, seedOfWords, wordsOfSeed } from '../../src/keys/paper-words.ts'
import { readWords } from '../../src/keys/read-words.ts'
import type { Terminal } from '../../src/keys/terminal.ts'

/** From the test vectors of BIP-39. */
const ZEROS = `${'abandon '.repeat(23)}art`
const SEED = new Uint8Array(32).map((_, at) => at * 7)
const WORDS = wordsOfSeed(SEED)

function refusal(text: string): unknown {
  try {
    return seedOfWords(text)
  } catch (error) {
    return error
  }
}

const changed = (at: number, word: string): string => WORDS.split(' ').with(at, word).join(' ')

describe('words on paper', () => {
  it('are those of BIP-39', () => {
    expect(wordsOfSeed(new Uint8Array(32))).toBe(ZEROS)
    expect(seedOfWords(ZEROS)).toEqual(new Uint8Array(32))
  })

  it('give every seed back', () => {
    assert(
      property(uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
        const words = wordsOfSeed(seed)
        expect(words.split(' ')).toHaveLength(PAPER_WORDS)
        expect(seedOfWords(words)).toEqual(seed)
      }),
      { numRuns: 200 },
    )
  })

  it('may be typed in capitals, over several lines, with numbers, or by their first four letters', () => {
    const words = WORDS.split(' ')
    const forms = [
      WORDS.toUpperCase(),
      ` ${words.join('\n\n')}\n`,
      words.map((word, at) => `${at + 1}. ${word}`).join('  '),
      words.map((word) => word.slice(0, 4)).join(', '),
    ]
    for (const form of forms) expect(seedOfWords(form)).toEqual(SEED)
  })

  it('that are mistyped are named by their place, and never shown', () => {
    const error = refusal(changed(4, 'zzyzx').replace(/\S+$/, 'qqqqq'))
    expect(error).toMatchObject({ code: 'bad-words', message: expect.stringContaining('words 5, 24 are') })
    expect(JSON.stringify([String(error), (error as Error).cause])).not.toMatch(/zzyzx|qqqqq/)
    expect(refusal(changed(0, 'zzyzx'))).toMatchObject({ message: expect.stringContaining('word 1 is') })
  })

  it('in another order, or one for another, are no key', () => {
    const words = WORDS.split(' ')
    const swapped = words.with(2, words[3] ?? '').with(3, words[2] ?? '')
    for (const text of [swapped.join(' '), changed(7, 'zoo'), 'abandon '.repeat(24)]) {
      expect(refusal(text)).toMatchObject({ code: 'bad-words' })
      expect((refusal(text) as Error).cause).toBeUndefined()
    }
  })

  it.each([0, 23, 25])('are not %i', (count) => {
    expect(refusal('abandon '.repeat(count))).toMatchObject({ message: expect.stringContaining(`${count} words`) })
  })
})

describe('the words for a restored key come from', () => {
  const typing = (line: string): (() => Terminal) => {
    return () => ({ askHidden: async () => line, close: () => undefined })
  }

  it('a file, else the terminal', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-words-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'words')
    writeFileSync(file, `${WORDS}\n`)
    expect(await readWords(file, typing(ZEROS))).toEqual(SEED)
    expect(await readWords(undefined, typing(ZEROS))).toEqual(new Uint8Array(32))
    writeFileSync(file, 'abandon '.repeat(200))
    await expect(readWords(file, typing(ZEROS))).rejects.toMatchObject({ code: 'bad-words' })
    await expect(readWords(join(folder, 'none'), typing(ZEROS))).rejects.toMatchObject({ code: 'io' })
  })

  it('nowhere, where nobody can be asked', async () => {
    await expect(readWords(undefined, () => null)).rejects.toMatchObject({ code: 'no-words' })
  })
})

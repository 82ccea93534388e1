/** Where a passphrase comes from, and what is never said about it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readPassphrase, type PassphraseOptions } from '../../src/keys/passphrase.ts'
import type { Terminal } from '../../src/keys/terminal.ts'

const NOBODY = (): null => null

function fileOf(content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-passphrase-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'passphrase'), content)
  return join(folder, 'passphrase')
}

/** A terminal at which these lines are typed. */
function typing(...lines: string[]): { terminal: () => Terminal; questions: string[]; closed: () => boolean } {
  const questions: string[] = []
  let closed = false
  const terminal: Terminal = {
    askHidden: async (question) => {
      questions.push(question)
      return lines.shift() ?? ''
    },
    close: () => (closed = true),
  }
  return { terminal: () => terminal, questions, closed: () => closed }
}

function read(options: Partial<PassphraseOptions>): Promise<string> {
  return readPassphrase({ env: {}, purpose: 'open', keyFile: 'alice.age', terminal: NOBODY, ...options })
}

describe('a passphrase comes from', () => {
  it('the first of file, variable, variable that names a file, command', async () => {
    const env: Record<string, string> = {
      HOLDFAST_PASSPHRASE: 'variable',
      HOLDFAST_PASSPHRASE_FILE: fileOf('from variable file\n'),
      HOLDFAST_PASSPHRASE_COMMAND: 'echo command',
    }
    expect(await read({ env, file: fileOf('file\n') })).toBe('file')
    expect(await read({ env })).toBe('variable')
    delete env['HOLDFAST_PASSPHRASE']
    expect(await read({ env })).toBe('from variable file')
    delete env['HOLDFAST_PASSPHRASE_FILE']
    expect(await read({ env })).toBe('command')
  })

  it('the terminal when nothing else was said, once to open and twice for a new key', async () => {
    const open = typing('secret')
    expect(await read({ terminal: open.terminal })).toBe('secret')
    expect(open.questions).toEqual(['Passphrase for alice.age: '])
    const fresh = typing('secret', 'secret')
    expect(await read({ terminal: fresh.terminal, purpose: 'new' })).toBe('secret')
    expect(fresh.questions).toHaveLength(2)
    expect([open.closed(), fresh.closed()]).toEqual([true, true])
  })

  it('nowhere: that is an error, not an empty one', async () => {
    await expect(read({})).rejects.toMatchObject({
      code: 'no-passphrase',
      message: expect.stringContaining('alice.age'),
    })
  })

  it('whoever was named, without asking', async () => {
    const { terminal, questions } = typing('typed')
    expect(await read({ terminal, env: { HOLDFAST_PASSPHRASE: 'variable' } })).toBe('variable')
    expect(questions).toEqual([])
  })
})

describe('of what comes', () => {
  it.each([
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    ['secret\n\n', 'secret\n'],
    ['  two words ', '  two words '],
    ['密码 🔑', '密码 🔑'],
  ])('one newline at the end is taken off and no more: %j', async (content, expected) => {
    expect(await read({ file: fileOf(content) })).toBe(expected)
    expect(await read({ env: { HOLDFAST_PASSPHRASE: content } })).toBe(expected)
  })

  it('nothing is refused, wherever nothing comes from', async () => {
    const empty = { code: 'empty-passphrase' }
    await expect(read({ file: fileOf('\n') })).rejects.toMatchObject(empty)
    await expect(read({ env: { HOLDFAST_PASSPHRASE: '' } })).rejects.toMatchObject(empty)
    await expect(read({ env: { HOLDFAST_PASSPHRASE_FILE: fileOf('') } })).rejects.toMatchObject(empty)
    await expect(read({ env: { HOLDFAST_PASSPHRASE_COMMAND: 'true' } })).rejects.toMatchObject(empty)
    await expect(read({ terminal: typing('').terminal })).rejects.toMatchObject(empty)
  })

  it('too much and what is no text are refused', async () => {
    await expect(read({ file: fileOf('x'.repeat(5000)) })).rejects.toMatchObject({ code: 'bad-passphrase-source' })
    await expect(read({ file: fileOf(Uint8Array.of(0xff, 0xfe)) })).rejects.toMatchObject({
      code: 'bad-passphrase-source',
    })
    await expect(read({ env: { HOLDFAST_PASSPHRASE_COMMAND: 'yes 2>/dev/null' } })).rejects.toMatchObject({
      code: 'bad-passphrase-source',
    })
  })

  it('two that differ are refused, and the terminal is given back', async () => {
    const { terminal, closed } = typing('secret', 'sceret')
    await expect(read({ terminal, purpose: 'new' })).rejects.toMatchObject({ code: 'passphrase-mismatch' })
    expect(closed()).toBe(true)
  })
})

describe('an error names the source', () => {
  it('and never what came from it', async () => {
    const missing = join(tmpdir(), 'holdfast-no-such-file')
    await expect(read({ file: missing })).rejects.toMatchObject({
      code: 'bad-passphrase-source',
      message: expect.stringContaining(missing),
    })
    const failing = read({ env: { HOLDFAST_PASSPHRASE_COMMAND: 'echo very-secret; exit 3' } })
    await expect(failing).rejects.toMatchObject({
      code: 'bad-passphrase-source',
      message: expect.stringContaining('exit code 3'),
    })
    await expect(failing).rejects.not.toMatchObject({ message: expect.stringContaining('very-secret') })
  })
})

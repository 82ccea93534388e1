/** Asks a question at the terminal without showing the answer. */
import { openSync, writeSync } from 'node:fs'
import { ReadStream } from 'node:tty'
import { KeyError } from './errors.ts'
import { MAX_PASSPHRASE_BYTES } from './limits.ts'

export interface Terminal {
  /**
   * @returns the line typed, without its end
   * @throws KeyError 'interrupted' for Ctrl-C or Ctrl-D
   */
  askHidden(question: string): Promise<string>
  close(): void
}

/** @returns the terminal that this process was started from, even where its input comes from elsewhere; null without one */
export function openTerminal(): Terminal | null {
  const descriptor = openTty()
  if (descriptor === null) return null
  const input = new ReadStream(descriptor)
  return {
    askHidden: (question) => askHidden(input, (text) => void writeSync(OUTPUT_IS_TTY ? descriptor : 2, text), question),
    close: () => input.destroy(),
  }
}

const OUTPUT_IS_TTY = process.platform !== 'win32'

function openTty(): number | null {
  if (process.platform === 'win32') return process.stdin.isTTY ? 0 : null
  try {
    return openSync('/dev/tty', 'r+')
  } catch {
    // No controlling terminal: a service, a pipe in a container.
    return null
  }
}

async function askHidden(input: ReadStream, write: (text: string) => void, question: string): Promise<string> {
  input.setRawMode(true)
  write(question)
  try {
    return await readLine(input)
  } finally {
    input.setRawMode(false)
    input.pause()
    write('\n')
  }
}

/** Raw mode gives keys, not lines: the few that edit a line are ours to know. */
function readLine(input: ReadStream): Promise<string> {
  let bytes: number[] = []
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      input.off('data', onData)
      input.off('error', onError)
      settle()
    }
    const onError = (cause: Error): void =>
      end(() => reject(new KeyError('io', 'the terminal cannot be read', { cause })))
    const onData = (chunk: Buffer): void => {
      for (const byte of chunk) {
        if (byte === KEY.enter || byte === KEY.newline) return end(answer)
        if (byte === KEY.interrupt || (byte === KEY.endOfInput && bytes.length === 0)) return end(refuse)
        bytes = edited(bytes, byte)
      }
      return undefined
    }
    const answer = (): void => resolve(Buffer.from(bytes).toString('utf8'))
    const refuse = (): void => reject(new KeyError('interrupted', 'no passphrase was given'))
    input.on('data', onData)
    input.on('error', onError)
    input.resume()
  })
}

const KEY = { interrupt: 3, endOfInput: 4, backspace: 8, newline: 10, enter: 13, eraseLine: 21, delete: 127 } as const

function edited(bytes: number[], byte: number): number[] {
  if (byte === KEY.eraseLine) return []
  if (byte === KEY.backspace || byte === KEY.delete) return withoutLastCharacter(bytes)
  // One more than allowed is kept, so that a line that is too long is refused and not cut.
  if (byte < 0x20 || bytes.length > MAX_PASSPHRASE_BYTES) return bytes
  return [...bytes, byte]
}

function withoutLastCharacter(bytes: number[]): number[] {
  let end = bytes.length - 1
  // UTF-8: bytes that continue a character begin with the bits 10.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.slice(0, Math.max(0, end))
}

/**
 * A process that takes a home: node home-locker.ts HOME
 *
 * It says `ready`, waits for a line, tries, and says `locked` or the error's code and message. Then it stays until its
 * standard input ends.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { lockHome } from '../../src/home-lock.ts'
import { openHome } from '../../src/home.ts'

const home = openHome({ flag: process.argv[2], env: {} })
const say = (line: string): void => void writeSync(1, `${line}\n`)

say('ready')
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'go') continue
  try {
    await lockHome(home)
    say('locked')
  } catch (error) {
    const { code, message } = error as Error & { code: string }
    say(`${code} ${message}`)
  }
}

/** A real terminal (by script(1)): nothing that is typed is shown. */
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'

const ASKER = fileURLToPath(new URL('passphrase-asker.ts', import.meta.url))
const hasScript = spawnSync('script', ['--version']).stdout?.toString().includes('util-linux') ?? false
if (!hasScript) console.warn('terminal.test.ts: there is no script(1) of util-linux here, so no terminal is tried')

/** Types each line once its question is asked. @returns all that the terminal showed */
async function shownWhen(typed: readonly string[]): Promise<string> {
  const child = spawn('script', ['-qec', `"${process.execPath}" "${ASKER}"`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = [...typed]
  let shown = ''
  let asked = 0
  for await (const chunk of child.stdout) {
    shown += String(chunk)
    const questions = shown.split(/(?:alice\.age|again): /).length - 1
    for (; asked < questions; asked++) child.stdin.write(lines.shift() ?? '')
  }
  return shown
}

const hex = (text: string): string => Buffer.from(text).toString('hex')

describe.runIf(hasScript)('at a terminal', () => {
  it('a passphrase is asked for twice and never shown', async () => {
    const shown = await shownWhen(['secret word\r', 'secret word\r'])
    expect(shown).toContain('New passphrase for alice.age: ')
    expect(shown).toContain(`understood ${hex('secret word')}`)
    expect(shown).not.toContain('secret word')
  })

  it('backspace takes a whole character, Ctrl-U the line, and other control keys do nothing', async () => {
    const shown = await shownWhen(['wrong\u0015密码\u007F锁\u0001\r', '密锁\r'])
    expect(shown).toContain(`understood ${hex('密锁')}`)
  })

  it('Ctrl-C ends the question', async () => {
    expect(await shownWhen(['secret\u0003'])).toContain('refused interrupted')
    expect(await shownWhen(['\u0004'])).toContain('refused interrupted')
  })
})

/** What a crash leaves behind while a key is open. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const PASSPHRASE = fileURLToPath(new URL('../../src/keys/passphrase.ts', import.meta.url))
const PATTERN = '/proc/sys/kernel/core_pattern'

/** Asks for a passphrase as every command with a key does, then crashes with it in memory. */
const CRASH = `
  const { readPassphrase } = await import(${JSON.stringify(PASSPHRASE)})
  globalThis.kept = await readPassphrase({ env: process.env, purpose: 'open', keyFile: 'key' })
  process.abort()`

/** Whether the kernel writes the dump into the folder where the program ran. */
function dumpsLieHere(): boolean {
  try {
    return /^core\b/.test(readFileSync(PATTERN, 'utf8'))
  } catch {
    return false
  }
}

it('a core dump holds no passphrase', (context) => {
  if (!dumpsLieHere()) {
    console.warn('SKIPPED: core dumps do not lie where they can be looked at on this machine')
    context.skip()
  }
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-core-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const mark = `mark-${process.pid}-of-a-passphrase`
  const env = { ...process.env, HOLDFAST_PASSPHRASE: mark }
  const args = ['--input-type=module', '-e', CRASH]
  const { signal } = spawnSync('sh', ['-c', 'ulimit -c unlimited && exec "$0" "$@"', process.execPath, ...args], {
    cwd: folder,
    env,
  })
  expect(signal).toBe('SIGABRT')
  const [dump] = readdirSync(folder)
  expect(dump).toMatch(/^core/)
  expect(readFileSync(join(folder, dump ?? '')).includes(mark)).toBe(false)
})

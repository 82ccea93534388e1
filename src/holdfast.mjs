#!/usr/bin/env node
// Starts the program on a Node that can run it. Plain JavaScript of 2020, because an older Node must get this far.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Node runs our TypeScript as it is from 22.18 on. */
const NEEDED = [22, 18]
const [major, minor] = process.versions.node.split('.').map(Number)
const program = fileURLToPath(new URL('./cli.ts', import.meta.url))

if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) {
  await import('./cli.ts')
} else {
  const brought = ['../node_modules/.bin/node', '../node_modules/.bin/node.exe', '../../.bin/node']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path))
  if (brought === undefined) {
    console.error(
      `holdfast needs Node ${NEEDED.join('.')} or newer; this is ${process.versions.node}. Run "npm ci" in its folder: it brings one.`,
    )
    process.exit(1)
  }
  // The channel tells the child when this process is gone, however it ended: one must not outlive the other.
  const child = spawn(brought, [program, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, HOLDFAST_LAUNCHED: '1' },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? code : 128 + constants.signals[signal])
  })
}

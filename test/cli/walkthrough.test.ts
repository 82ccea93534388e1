/** Runs docs/walkthrough.md: each command in one shell, each answer held against what the page shows. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MARK = '=== next command'

interface Step {
  command: string
  answer: string
}

/** The commands of all console blocks, with the lines that follow each. */
function stepsOf(page: string): Step[] {
  const blocks = [...page.matchAll(/```console\n(.*?)```/gs)].map(([, body]) => body ?? '')
  return blocks.flatMap((body) =>
    body
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [command = '', ...answer] = part.trimEnd().split('\n')
        return { command, answer: answer.join('\n') }
      }),
  )
}

/** `…` alone in a line stands for any lines, inside a line for any characters. */
function patternOf(answer: string): RegExp {
  const literally = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const lines = answer.split('\n').map((line) => (line === '…' ? '[^]*' : line.split('…').map(literally).join('.*')))
  return new RegExp(`^${lines.join('\n')}$`)
}

describe('docs/walkthrough.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-walk-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('says what the program says', () => {
    const steps = stepsOf(readFileSync(join(ROOT, 'docs', 'walkthrough.md'), 'utf8'))
    expect(steps.length).toBeGreaterThan(10)
    writeFileSync(
      join(folder, 'holdfast'),
      `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, 'src', 'cli.ts')}" "$@"\n`,
    )
    chmodSync(join(folder, 'holdfast'), 0o755)
    const script = steps.map(({ command }) => `${command}\necho '${MARK}'`).join('\n')
    const env = { PATH: `${folder}:${process.env['PATH']}`, HOME: folder }
    const ran = spawnSync('bash', ['-c', script], { cwd: folder, env, encoding: 'utf8', timeout: 100_000 })
    const answers = ran.stdout.split(`${MARK}\n`).map((answer) => answer.trimEnd())
    for (const [i, { command, answer }] of steps.entries())
      expect(answers[i] ?? 'the shell ended before', `${command}\n${ran.stderr}`).toMatch(patternOf(answer))
  })
})

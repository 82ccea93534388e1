/** The conformance suite of the TUF project against packages/release, through the thin client of scripts/tuf-client.ts. */
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { setUpPython, whyNotHere } from './python-tools.ts'

const CLIENT = fileURLToPath(new URL('../../scripts/tuf-client.ts', import.meta.url))
/** All there are in the version that ../shared/oracles holds. */
const CASES = 113

const problem = await whyNotHere()
if (problem !== null) console.warn(`NOT TESTED: TUF conformance, because ${problem}`)

describe.skipIf(problem !== null)('TUF conformance', () => {
  it(`passes ${CASES} of ${CASES}`, async () => {
    const { python, suite } = await setUpPython()
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-tuf-'))
    try {
      const client = join(folder, 'client')
      writeFileSync(client, `#!/bin/sh\nexec "${process.execPath}" "${CLIENT}" "$@"\n`)
      chmodSync(client, 0o755)
      const report = join(folder, 'report.json')
      const args = [
        '-m',
        'pytest',
        '-q',
        'tuf_conformance',
        '--entrypoint',
        client,
        '--json-report',
        `--json-report-file=${report}`,
      ]
      const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') }
      const failures = await promisify(execFile)(python, args, { cwd: suite, env, maxBuffer: 64 * 1024 * 1024 }).then(
        () => '',
        (error: { stdout?: string }) => error.stdout ?? 'the suite could not be run',
      )
      const { summary } = JSON.parse(readFileSync(report, 'utf8')) as { summary: Record<string, number> }
      console.log('tuf-conformance:', summary)
      expect(summary, failures).toEqual({ passed: CASES, total: CASES, collected: CASES })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }, 900_000)
})

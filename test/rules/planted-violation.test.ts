import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PURE_ROOMS } from '../../tools/oxlint-rules/rooms.ts'
import { LintedCopy, type Finding } from './linted-copy.ts'

const IMPORTS = 'holdfast(who-imports-whom)'
const PROPERTIES = 'eslint(no-restricted-properties)'
const GLOBALS = 'eslint(no-restricted-globals)'

/** What is planted: the file, its text, and the one rule that must see it. */
const PLANTS: readonly (readonly [file: string, text: string, code: string])[] = [
  // Who may import whom, one for each room.
  ['packages/release/src/p-helia.ts', `export { createHelia } from 'helia'\n`, IMPORTS],
  ['packages/release/src/p-mirror.ts', `export { handle } from '@holdfast/mirror'\n`, IMPORTS],
  ['packages/mirror/src/p-dag.ts', `export type { BlockReader } from '@holdfast/dag'\n`, IMPORTS],
  ['packages/mirror/src/p-libp2p.ts', `export type { PeerId } from '@libp2p/interface'\n`, IMPORTS],
  ['packages/dag/src/p-helia.ts', `export { createHelia } from 'helia'\n`, IMPORTS],
  ['packages/dag/src/p-release.ts', `export { parseLink } from '@holdfast/release'\n`, IMPORTS],
  ['packages/network/src/p-mirror.ts', `export { handle } from '@holdfast/mirror'\n`, IMPORTS],
  ['packages/network/src/p-hono.ts', `export { Hono } from 'hono'\n`, IMPORTS],
  ['packages/reader/src/p-network.ts', `export { PeerNode } from '@holdfast/network'\n`, IMPORTS],
  ['src/p-libp2p.ts', `export { createLibp2p } from 'libp2p'\n`, IMPORTS],
  ['src/p-testkit.ts', `export { Publisher } from '@holdfast/testkit'\n`, IMPORTS],
  ['src/p-vitest.ts', `export { test } from 'vitest'\n`, IMPORTS],
  ['scripts/p-testkit.ts', `export { Publisher } from '@holdfast/testkit'\n`, IMPORTS],
  ['packages/release/src/p-node.ts', `export { readFileSync } from 'node:fs'\n`, IMPORTS],
  ['packages/mirror/src/p-node.ts', `export { readFileSync } from 'node:fs'\n`, IMPORTS],
  ['packages/dag/src/p-node.ts', `export { readFileSync } from 'node:fs'\n`, IMPORTS],
  ['cellar/p-nowhere.ts', `export { Hono } from 'hono'\n`, IMPORTS],
  // Each way to write an import.
  ['packages/dag/src/p-dynamic.ts', `export const loaded = import('helia')\n`, IMPORTS],
  ['packages/dag/src/p-type-of-import.ts', `export type Node = import('helia').Helia\n`, IMPORTS],
  ['packages/dag/src/p-for-effect.ts', `import 'helia'\n`, IMPORTS],
  [
    'packages/dag/src/p-computed.ts',
    `export const load = async (name: string): Promise<unknown> => import(name)\n`,
    IMPORTS,
  ],
  // Deep imports, by name and by path.
  ['src/p-deep.ts', `export { parseLink } from '@holdfast/release/src/link.ts'\n`, IMPORTS],
  ['packages/mirror/src/p-path.ts', `export { parseLink } from '../../release/src/link.ts'\n`, IMPORTS],
  ['packages/mirror/test/p-path.ts', `export { parseLink } from '../../release/src/link.ts'\n`, IMPORTS],
  ['packages/mirror/src/p-own-test.ts', `export { sample } from '../test/sample.ts'\n`, IMPORTS],
  ['src/p-path.ts', `export { parseLink } from '../packages/release/src/link.ts'\n`, IMPORTS],
  // Cycles.
  ['src/p-cycle-one.ts', `export { two as one } from './p-cycle-two.ts'\n`, 'import(no-cycle)'],
  ['src/p-cycle-two.ts', `export { one as two } from './p-cycle-one.ts'\n`, 'import(no-cycle)'],
  // Names and barrels.
  ['src/utils/p-name.ts', 'export const one = 1\n', 'holdfast(telling-names)'],
  ['packages/network/src/interface/p-name.ts', 'export const one = 1\n', 'holdfast(telling-names)'],
  ['src/p-star.ts', `export * from './p-harmless.ts'\n`, 'holdfast(named-exports)'],
  ['src/p-harmless.ts', 'export const one = 1\n', 'none'],
  // Clock, randomness, timers and Node's own globals in the pure rooms.
  ['packages/release/src/p-now.ts', 'export const now = Date.now()\n', PROPERTIES],
  ['packages/mirror/src/p-random.ts', 'export const random = Math.random()\n', PROPERTIES],
  ['packages/dag/src/p-uuid.ts', 'export const id = crypto.randomUUID()\n', PROPERTIES],
  ['packages/mirror/src/p-date.ts', 'export const now = new Date()\n', 'holdfast(no-ambient-clock)'],
  ['packages/mirror/src/p-date-of.ts', 'export const then = new Date(0)\n', 'none'],
  ['packages/dag/src/p-process.ts', 'export const home = process.cwd()\n', GLOBALS],
  ['packages/release/src/p-buffer.ts', `export const bytes = Buffer.from('x')\n`, GLOBALS],
  ['packages/mirror/src/p-timer.ts', 'export const wait = setTimeout\n', GLOBALS],
  ['packages/dag/src/p-fetch.ts', `export const answer = fetch('x:')\n`, GLOBALS],
  // Only cli.ts ends the program.
  ['src/commands/p-exit.ts', 'export const end = (): never => process.exit(1)\n', PROPERTIES],
  ['src/p-exit-code.ts', 'process.exitCode = 1\nexport {}\n', PROPERTIES],
  // Promises and any, which need the types.
  [
    'src/p-floating.ts',
    'export function start(work: () => Promise<void>): void {\n  work()\n}\n',
    'typescript(no-floating-promises)',
  ],
  [
    'src/p-misused.ts',
    'export function ask(work: () => Promise<boolean>): number {\n  return work() ? 1 : 2\n}\n',
    'typescript(no-misused-promises)',
  ],
  ['src/p-await.ts', 'export const two = async (): Promise<number> => await 2\n', 'typescript(await-thenable)'],
  ['src/p-any.ts', 'export type Whatever = any\n', 'typescript(no-explicit-any)'],
]

/** Rules that the project's own code never breaks, whatever else may be found in it. */
const GUARDED = new Set(PLANTS.map(([, , code]) => code).filter((code) => code !== 'none'))

describe('the rules of the house', () => {
  const opened: LintedCopy[] = []
  const copy = (withSources: boolean): LintedCopy => {
    const made = new LintedCopy(withSources)
    opened.push(made)
    return made
  }
  afterAll(() => {
    for (const made of opened) made.remove()
  })

  let found: Finding[] = []
  beforeAll(() => {
    const planted = copy(true)
    for (const [file, text] of PLANTS) planted.write(file, text)
    found = planted.lint().filter(({ code }) => GUARDED.has(code))
  })

  test.each(PLANTS)('%s', (file, _text, code) => {
    const codes = found.filter((finding) => finding.file === file).map((finding) => finding.code)
    expect(codes).toEqual(code === 'none' ? [] : [code])
  })

  test('find nothing in the project as it is, planted files apart', () => {
    const files = new Set(PLANTS.map(([file]) => file))
    expect(found.filter(({ file }) => !files.has(file))).toEqual([])
  })

  test('let a clean file pass and a planted one fail by the exit code', () => {
    const small = copy(false)
    small.write('src/clean.ts', `export { join } from 'node:path'\n`)
    expect(small.run('oxlint')).toMatchObject({ exitCode: 0 })
    small.write('src/planted.ts', `export { createLibp2p } from 'libp2p'\n`)
    const refused = small.run('oxlint')
    expect(refused.exitCode).toBe(1)
    expect(refused.output).toContain('src may not import libp2p.')
  })

  test('hold the same rooms pure as the table of rooms', () => {
    const configuration = readFileSync(new URL('../../.oxlintrc.json', import.meta.url), 'utf8')
    expect(configuration).toContain(`"files": [${PURE_ROOMS.map((folder) => `"${folder}/**"`).join(', ')}]`)
  })
})

/**
 * Fails unless every package that a user of holdfast installs has a licence that lets anyone use and pass it on.
 * Reads the lock file for what is installed in production, and each package's own package.json for its licence.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
  'WTFPL',
  'Zlib',
])

interface LockedPackage {
  dev?: boolean
  link?: boolean
  optional?: boolean
}

interface Manifest {
  name?: string
  license?: string | { type?: string }
  licenses?: { type?: string }[]
}

const root = resolve(process.argv[2] ?? '.')
const lock = readJson(join(root, 'package-lock.json')) as { packages: Record<string, LockedPackage> }

const counts = new Map<string, number>()
const problems: string[] = []
for (const [path, locked] of Object.entries(lock.packages)) {
  if (!path.includes('node_modules/') || locked.dev === true || locked.link === true) continue
  const file = join(root, path, 'package.json')
  if (!existsSync(file)) {
    // An optional package of another platform.
    if (locked.optional !== true) problems.push(`${path} is in the lock file but not installed`)
    continue
  }
  const licence = licenceOf(readJson(file) as Manifest)
  counts.set(licence, (counts.get(licence) ?? 0) + 1)
  if (!isPermissive(licence)) problems.push(`${path}: ${licence}`)
}

for (const [licence, count] of [...counts].toSorted((a, b) => b[1] - a[1])) console.log(`${count}  ${licence}`)
if (counts.size === 0) problems.push('no package seen at all: is anything installed?')
for (const problem of problems) console.error(`not permissive: ${problem}`)
process.exitCode = problems.length === 0 ? 0 : 1

/** @returns the SPDX expression of a package, old ways of writing it included, or "none" */
function licenceOf(manifest: Manifest): string {
  if (typeof manifest.license === 'string') return manifest.license
  if (manifest.license?.type !== undefined) return manifest.license.type
  return manifest.licenses?.map((one) => one.type ?? 'none').join(' OR ') ?? 'none'
}

/** SPDX: of `A OR B` one must be permissive, of `A AND B` both. */
function isPermissive(expression: string): boolean {
  return expression
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((licence) => PERMISSIVE.has(licence.trim())))
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** The Python side of TUF: tuf-conformance and python-tuf, in a virtual environment outside the work tree. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const SOURCES = join(import.meta.dirname, '../../../shared/oracles/tuf-conformance')
const PACKAGES = ['tuf==7.0.0', 'securesystemslib[crypto]==1.4.0', 'pytest==9.1.1', 'pytest-json-report==1.5.0']
/** Written last: what lacks it was not finished. */
const DONE = 'complete'

export interface PythonTools {
  python: string
  /** Folder of the suite's sources, writable. */
  suite: string
}

/** @returns why this cannot run here, or null */
export async function whyNotHere(): Promise<string | null> {
  if (!existsSync(SOURCES)) return 'the suite does not stand in ../shared/oracles/tuf-conformance'
  const python = await works('python3', ['-c', 'import venv, sys; assert sys.version_info >= (3, 10)'])
  return python ? null : 'there is no Python from 3.10 on with venv'
}

/** Sets up everything, unless an earlier run did; Debian's faketime too, where it is missing and can be had. */
export async function setUpPython(): Promise<PythonTools> {
  if (!(await works('faketime', ['--version']))) await run('apt-get', ['install', '-y', '-q', 'faketime'])
  const home = join(cacheFolder(), `tuf-conformance-${await fingerprint()}`)
  const tools = { python: join(home, 'venv', 'bin', 'python'), suite: join(home, 'suite') }
  if (existsSync(join(home, DONE))) return tools
  await rm(home, { recursive: true, force: true })
  await mkdir(home, { recursive: true })
  await cp(SOURCES, tools.suite, { recursive: true })
  for (const entry of await readdir(tools.suite, { recursive: true, withFileTypes: true })) {
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644)
  }
  await run('python3', ['-m', 'venv', join(home, 'venv')])
  await run(tools.python, ['-m', 'pip', 'install', '-q', ...PACKAGES, '-e', tools.suite])
  await writeFile(join(home, DONE), '')
  return tools
}

async function works(program: string, args: string[]): Promise<boolean> {
  try {
    await run(program, args)
    return true
  } catch {
    return false // Not there, or not able to: the caller says what follows.
  }
}

function cacheFolder(): string {
  const { HOLDFAST_CACHE: own, XDG_CACHE_HOME: shared } = process.env
  if (own !== undefined && own !== '') return own
  return shared !== undefined && shared !== ''
    ? join(shared, 'holdfast')
    : join(tmpdir(), `holdfast-cache-${userInfo().uid}`)
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256').update(PACKAGES.join(' '))
  for (const name of ['CLIENT-CLI.md', 'pyproject.toml']) hash.update(await readFile(join(SOURCES, name)))
  return hash.digest('hex').slice(0, 12)
}

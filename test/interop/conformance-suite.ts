/** The gateway conformance suite of the IPFS project: built from its sources, outside the work tree, and run against a URL. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const SOURCES = join(import.meta.dirname, '../../../shared/oracles/gateway-conformance')
const PROGRAM = 'gateway-conformance'
/** Bytes of what the programs print; a failing suite dumps every request. */
const MAX_OUTPUT = 256 * 1024 * 1024

/** How the tests of one specification ended, by name. */
export interface Outcome {
  passed: string[]
  failed: string[]
  skipped: string[]
  /** What the suite printed, for whoever reads a failure. */
  output: string
}

/** @returns why the suite cannot be run here, or null */
export async function whyNotHere(): Promise<string | null> {
  if (!existsSync(SOURCES)) return 'its sources do not stand in ../shared/oracles/gateway-conformance'
  try {
    await run('go', ['version'])
    return null
  } catch {
    return 'there is no go here to build it'
  }
}

/** The suite, ready to run. */
export class ConformanceSuite {
  readonly #home: string

  private constructor(home: string) {
    this.#home = home
  }

  /**
   * Builds the suite into $HOLDFAST_CACHE, $XDG_CACHE_HOME/holdfast or a folder of the user below the temporary one, unless an
   * earlier run did.
   */
  static async build(): Promise<ConformanceSuite> {
    const cache = cacheFolder()
    const home = join(cache, `${PROGRAM}-${await fingerprint()}`)
    if (!existsSync(home)) {
      await mkdir(cache, { recursive: true })
      const draft = await mkdtemp(join(cache, 'draft-'))
      try {
        await copyWritable(SOURCES, draft)
        await run('go', ['build', '-o', PROGRAM, `./cmd/${PROGRAM}`], {
          cwd: draft,
          env: goEnvironment(draft),
          maxBuffer: MAX_OUTPUT,
        })
        await rename(draft, home)
      } catch (error) {
        await rm(draft, { recursive: true, force: true })
        // Another run may have been first with the same.
        if (!existsSync(home)) throw error
      }
    }
    return new ConformanceSuite(home)
  }

  /** @returns the CAR files that a gateway under test has to hold, in a folder that the caller gives */
  async extractFixtures(folder: string): Promise<string[]> {
    await this.#call(['extract-fixtures', '--directory', folder, '--ipns=false', '--dnslink=false'])
    const names = await readdir(folder)
    return names.filter((name) => name.endsWith('.car')).map((name) => join(folder, name))
  }

  /**
   * @param url of the gateway, on 127.0.0.1
   * @param spec such as `trustless-car-gateway`
   * @param folder for the report
   */
  async test(url: string, spec: string, folder: string): Promise<Outcome> {
    const report = join(folder, `${spec}.json`)
    const asked = ['test', '--gateway-url', url, '--specs', spec, '--json-output', report, '--', '-count=1']
    // It ends with an error when a test fails; the report says which.
    const output = await this.#call(asked).catch((error: unknown) => outputOf(error))
    return { ...(await readReport(report)), output }
  }

  async #call(args: string[]): Promise<string> {
    const options = { cwd: this.#home, env: goEnvironment(this.#home), maxBuffer: MAX_OUTPUT }
    const { stdout, stderr } = await run(join(this.#home, PROGRAM), args, options)
    return stdout + stderr
  }
}

function cacheFolder(): string {
  const { HOLDFAST_CACHE: own, XDG_CACHE_HOME: shared } = process.env
  if (own !== undefined && own !== '') return own
  return shared !== undefined && shared !== ''
    ? join(shared, 'holdfast')
    : join(tmpdir(), `holdfast-cache-${userInfo().uid}`)
}

/** Other sources, another folder: what names and sizes say of them is enough. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256')
  const entries = await readdir(SOURCES, { recursive: true })
  hash.update(entries.toSorted().join('\n'))
  for (const name of ['CHANGELOG.md', 'go.mod', 'go.sum']) hash.update(await readFile(join(SOURCES, name)))
  return hash.digest('hex').slice(0, 12)
}

/** The sources may be read-only, and go writes beside them. */
async function copyWritable(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true })
  for (const entry of await readdir(to, { recursive: true, withFileTypes: true })) {
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644)
  }
}

/** The suite finds its fixtures by its home; the sources are no checkout whose revision could be stamped. */
function goEnvironment(home: string): NodeJS.ProcessEnv {
  return { ...process.env, GATEWAY_CONFORMANCE_HOME: home, GOFLAGS: '-buildvcs=false' }
}

/** The events of `go tool test2json`, one a line. */
async function readReport(file: string): Promise<Omit<Outcome, 'output'>> {
  const named: Record<string, string[]> = { pass: [], fail: [], skip: [] }
  for (const line of (await readFile(file, 'utf8')).split('\n')) {
    if (line === '') continue
    const { Action, Test } = JSON.parse(line) as { Action: string; Test?: string }
    if (Test !== undefined) named[Action]?.push(Test)
  }
  return { passed: named['pass'] ?? [], failed: named['fail'] ?? [], skipped: named['skip'] ?? [] }
}

function outputOf(error: unknown): string {
  const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
  return stdout + stderr
}

/** Kubo, the IPFS node of the reference: built from the Go module proxy once, kept outside the work tree, talking to loopback alone. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const KUBO_VERSION = '0.43.0'
const MODULE = `github.com/ipfs/kubo@v${KUBO_VERSION}`
const PROFILES = 'test,unixfs-v1-2025'

/** @returns the program; builds it where no earlier run did, or takes the one that HOLDFAST_KUBO names @throws when it cannot be built */
export async function buildKubo(say: (line: string) => void): Promise<string> {
  const given = process.env['HOLDFAST_KUBO']
  if (given !== undefined) return given
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(tmpdir(), `holdfast-bench-${userInfo().uid}`), 'kubo')
  const program = join(cache, `ipfs-${KUBO_VERSION}`)
  if (existsSync(program)) return program
  say(`Building Kubo ${KUBO_VERSION}; this takes minutes, once.`)
  await mkdir(cache, { recursive: true })
  const { stdout } = await run('go', ['mod', 'download', '-json', MODULE], { cwd: cache })
  const { Dir: sources } = JSON.parse(stdout) as { Dir: string }
  const draft = join(cache, 'sources')
  await rm(draft, { recursive: true, force: true })
  await cp(sources, draft, { recursive: true })
  await run('chmod', ['-R', 'u+w', draft])
  await run('go', ['build', '-o', program, './cmd/ipfs'], { cwd: draft, maxBuffer: 64 * 1024 * 1024 })
  await chmod(program, 0o755)
  await rm(draft, { recursive: true, force: true })
  return program
}

/** One node with a repository of its own. */
export class KuboNode {
  readonly #program: string
  readonly #folder: string
  #daemon: ChildProcess | null = null

  private constructor(program: string, folder: string) {
    this.#program = program
    this.#folder = folder
  }

  static async init(program: string, folder: string): Promise<KuboNode> {
    await rm(folder, { recursive: true, force: true })
    const node = new KuboNode(program, folder)
    await node.ipfs('init', `--profile=${PROFILES}`)
    await node.ipfs('bootstrap', 'rm', '--all')
    for (const [key, value] of Object.entries({
      'Routing.Type': '"none"',
      'AutoConf.Enabled': 'false',
      'Discovery.MDNS.Enabled': 'false',
      'Swarm.DisableNatPortMap': 'true',
      'Addresses.Swarm': '["/ip4/127.0.0.1/tcp/0"]',
      'Addresses.API': '"/ip4/127.0.0.1/tcp/0"',
      'Addresses.Gateway': '"/ip4/127.0.0.1/tcp/0"',
    }))
      await node.ipfs('config', '--json', key, value)
    return node
  }

  /** @returns what it printed, trimmed */
  async ipfs(...args: string[]): Promise<string> {
    const env = { ...process.env, IPFS_PATH: this.#folder }
    const { stdout } = await run(this.#program, args, { env, maxBuffer: 64 * 1024 * 1024 })
    return stdout.trim()
  }

  /** @returns root CID */
  async add(folder: string): Promise<string> {
    return await this.ipfs('add', '-r', '-Q', '--offline', folder)
  }

  /** Starts the daemon. @returns base URL of its gateway */
  async start(): Promise<URL> {
    const env = { ...process.env, IPFS_PATH: this.#folder }
    const daemon = spawn(this.#program, ['daemon'], { env, stdio: ['ignore', 'pipe', 'ignore'] })
    this.#daemon = daemon
    let gateway = ''
    for await (const line of createInterface({ input: daemon.stdout })) {
      gateway = /Gateway server listening on \/ip4\/127\.0\.0\.1\/tcp\/(\d+)/.exec(line)?.[1] ?? gateway
      if (line.includes('Daemon is ready')) return new URL(`http://127.0.0.1:${gateway}/`)
    }
    throw new Error('the Kubo daemon ended before it was ready')
  }

  /** @returns its address on loopback */
  async address(): Promise<string> {
    const { Addresses } = JSON.parse(await this.ipfs('id')) as { Addresses: string[] }
    return Addresses.find((text) => text.startsWith('/ip4/127.0.0.1/tcp/')) ?? ''
  }

  get pid(): number {
    return this.#daemon?.pid ?? 0
  }

  async stop(): Promise<void> {
    const daemon = this.#daemon
    if (daemon === null || daemon.exitCode !== null) return
    await new Promise<void>((resolve) => {
      daemon.once('exit', () => resolve())
      daemon.kill('SIGTERM')
    })
  }

  async remove(): Promise<void> {
    await this.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

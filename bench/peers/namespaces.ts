/** Machines on a network of its own, each with a line of its own: network namespaces around a bridge, shaped by tbf. Needs root. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'

/** Bits a second. */
export interface Line {
  up: number
  down: number
}

const NET = '10.78.0'
const HUB = 'hfbench'

/** One machine for each line; the first is at 10.78.0.10. Closed, nothing of it is left. */
export class Machines {
  readonly #lines: readonly Line[]

  /** @throws when this process may not make namespaces */
  constructor(lines: readonly Line[]) {
    this.#lines = lines
    this.close()
    ip('netns', 'add', HUB)
    ip('-n', HUB, 'link', 'add', 'br0', 'type', 'bridge')
    for (const device of ['br0', 'lo']) ip('-n', HUB, 'link', 'set', device, 'up')
    ip('-n', HUB, 'addr', 'add', `${NET}.1/24`, 'dev', 'br0')
    for (const [at, line] of lines.entries()) this.#add(at, line)
  }

  /** The machine in the middle, which has no line. */
  get hub(): string {
    return `${NET}.1`
  }

  address(at: number): string {
    return `${NET}.${10 + at}`
  }

  /** @param at -1 for the hub */
  run(at: number, program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
    const inside = ['netns', 'exec', at < 0 ? HUB : nameOf(at), program, ...args]
    return spawn('ip', inside, { env, stdio: ['ignore', 'pipe', 'ignore'] })
  }

  /** @returns bytes that a machine has sent so far */
  sentBy(at: number): number {
    const table = execFileSync('ip', ['netns', 'exec', nameOf(at), 'cat', '/proc/net/dev'], { encoding: 'utf8' })
    return Number(/e0:\s*(?:\d+\s+){8}(\d+)/.exec(table)?.[1] ?? 0)
  }

  close(): void {
    for (const name of [HUB, ...this.#lines.map((_, at) => nameOf(at))])
      try {
        execFileSync('ip', ['netns', 'del', name], { stdio: 'ignore' })
      } catch {
        // It is not there.
      }
  }

  /** Without segmentation offload, or tbf drops what it cannot pass whole. */
  #add(at: number, { up, down }: Line): void {
    const [name, outer] = [nameOf(at), `hfv${at}`]
    ip('netns', 'add', name)
    ip('link', 'add', outer, 'netns', HUB, 'type', 'veth', 'peer', 'name', 'e0', 'netns', name)
    ip('-n', HUB, 'link', 'set', outer, 'master', 'br0', 'up')
    ip('-n', name, 'addr', 'add', `${this.address(at)}/24`, 'dev', 'e0')
    for (const device of ['e0', 'lo']) ip('-n', name, 'link', 'set', device, 'up')
    for (const [space, device, rate] of [
      [name, 'e0', up],
      [HUB, outer, down],
    ] as const) {
      ip('netns', 'exec', space, 'ethtool', '-K', device, 'tso', 'off', 'gso', 'off', 'gro', 'off')
      const shape = ['root', 'tbf', 'rate', `${rate}bit`, 'burst', '64kb', 'latency', '200ms']
      ip('netns', 'exec', space, 'tc', 'qdisc', 'add', 'dev', device, ...shape)
    }
  }
}

function nameOf(at: number): string {
  return `${HUB}${at}`
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

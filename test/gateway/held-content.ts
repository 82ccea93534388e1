/** Content for tests of the gateway: blocks in memory where the daemon has its store. */
import { hash } from 'node:crypto'
import { Readable } from 'node:stream'
import { importTree, readCar, type Block } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import type { ServedArchives, ServedBlocks } from '../../src/gateway/context.ts'
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts'

/** Blocks in memory. */
export class HeldBlocks implements ServedBlocks {
  readonly #blocks = new Map<string, Uint8Array>()
  /** CIDs that were read, in order. */
  reads: string[] = []
  /** Thrown by the next read. */
  failure: Error | null = null

  has(cid: CID): Promise<boolean> {
    return Promise.resolve(this.#blocks.has(keyOf(cid)))
  }

  get(cid: CID): Promise<Uint8Array | null> {
    this.reads.push(cid.toString())
    if (this.failure !== null) return Promise.reject(this.failure)
    return Promise.resolve(this.#blocks.get(keyOf(cid)) ?? null)
  }

  sizeOf(cid: CID): number | null {
    return this.#blocks.get(keyOf(cid))?.length ?? null
  }

  put(cid: CID, bytes: Uint8Array): Promise<void> {
    this.#blocks.set(keyOf(cid), bytes)
    return Promise.resolve()
  }

  /** Takes a block away again. */
  lose(cid: CID): void {
    this.#blocks.delete(keyOf(cid))
  }
}

/** A tree that is held, and a gateway before it. */
export interface HeldTree {
  blocks: HeldBlocks
  root: CID
  gateway: Gateway
  /** What the gateway reported. */
  reported: unknown[]
}

/** @param files by path; a number stands for so many bytes, none of them equal to those of another chunk */
export async function holdTree(files: Record<string, string | number>, prefix = ''): Promise<HeldTree> {
  const blocks = new HeldBlocks()
  const entries = Object.entries(files).map(([path, content]) => ({
    path,
    content: () => Readable.from([bytesOf(content)]),
  }))
  const { cid } = await importTree(entries, blocks, { sha256: (bytes) => hash('sha256', bytes, 'buffer') })
  const reported: unknown[] = []
  const gateway = createGateway({ blocks, archives: noArchives() }, { prefix, report: (cause) => reported.push(cause) })
  blocks.reads = []
  return { blocks, root: cid, gateway, reported }
}

/** @returns the CAR's blocks @throws what ends the body or the CAR early */
export async function blocksOf(response: Response): Promise<Block[]> {
  if (response.status !== 200 || response.body === null) throw new Error(`${response.status}: ${await response.text()}`)
  return await gather(readCar(response.body, { maxBlockBytes: 2 * 1024 * 1024 }))
}

/** @returns the CAR's CIDs, as text */
export async function cidsOf(response: Response): Promise<string[]> {
  return (await blocksOf(response)).map(({ cid }) => cid.toString())
}

/** A mirror that follows nothing. */
export function noArchives(): ServedArchives {
  return {
    listed: () => [],
    find: () => null,
    parts: () => null,
    pastTargets: () => Promise.resolve(null),
    rootBlockOf: () => Promise.resolve(null),
    submit: () => Promise.resolve({ outcome: 'reject', reason: 'nothing is followed here' }),
    upload: () => Promise.resolve({ stored: 0 }),
    changed: () => new Promise(() => {}),
    peers: () => Promise.resolve([]),
  }
}

/** @returns all that the source gives @throws what it throws */
export async function gather<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

function bytesOf(content: string | number): Uint8Array {
  if (typeof content === 'string') return new TextEncoder().encode(content)
  const bytes = new Uint32Array(content / 4)
  for (let at = 0; at < bytes.length; at++) bytes[at] = at
  return new Uint8Array(bytes.buffer)
}

/** As stores have it: bytes are the same under every codec. */
function keyOf(cid: CID): string {
  return Buffer.from(cid.multihash.bytes).toString('latin1')
}

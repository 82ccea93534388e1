/** Reads what a store holds and compares hashes: what `holdfast check` does. */
import { setImmediate } from 'node:timers/promises'
import type { CID } from 'multiformats/cid'
import type { BlockIndex, IndexedBlock, Location } from './block-index.ts'
import { cidOf } from './block-cid.ts'
import { sha256 } from './sha256.ts'

export interface VerifyOptions {
  /** Part of the blocks to read, drawn anew each time: 0.01 for one in a hundred; all unless given. */
  sample?: number
  /** Told of each block that was read and its bytes, sound or not. */
  onBlock?: (bytes: number) => void
}

export interface BlockProblem {
  cid: CID
  /** `corrupt`: other bytes than its hash says; `unreadable`: the disk gives back none that belong to it. */
  problem: 'corrupt' | 'unreadable'
  /** For people. */
  reason: string
}

interface VerifiableStore {
  readonly index: BlockIndex
  locate(cid: CID): Location | null
  readAt(cid: CID, location: Location): Uint8Array
}

/** Bytes read before the event loop gets a turn. */
const TURN_BYTES = 4 * 1024 * 1024

/** @returns the problems, pack by pack in the order on disk, which a disk reads fastest */
export async function* verifyBlocks(store: VerifiableStore, options: VerifyOptions): AsyncGenerator<BlockProblem> {
  const { sample = 1, onBlock } = options
  let bytes = 0
  for (const { pack } of store.index.packs()) {
    for (const block of store.index.blocksOf(pack)) {
      if (sample < 1 && Math.random() >= sample) continue
      const problem = problemOf(store, block)
      onBlock?.(block.size)
      if (problem !== null) yield problem
      bytes += block.size
      if (bytes < TURN_BYTES) continue
      bytes = 0
      await setImmediate()
    }
  }
}

function problemOf(store: VerifiableStore, block: IndexedBlock): BlockProblem | null {
  const cid = cidOf(block)
  // Swept or moved since the list was read.
  const location = store.locate(cid)
  if (location === null) return null
  try {
    const sound = Buffer.compare(sha256(store.readAt(cid, location)), block.digest) === 0
    return sound ? null : { cid, problem: 'corrupt', reason: 'its bytes do not fit its hash' }
  } catch (error) {
    return { cid, problem: 'unreadable', reason: (error as Error).message }
  }
}

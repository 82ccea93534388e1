/** What is kept: the ledger of pins, holds on fetches under way, and the removal of everything else. */
import { setImmediate } from 'node:timers/promises'
import type { CID } from 'multiformats/cid'
import type { BlockStore } from './block-store.ts'
import { compact } from './compaction.ts'
import { StoreError } from './errors.ts'
import { IdSet } from './id-set.ts'
import { SWEEP_ROWS } from './limits.ts'
import { PinLedger, type Pin } from './pin-ledger.ts'
import { walkHeld, type WalkProblems } from './walk-held.ts'

interface Hold {
  readonly roots: readonly CID[]
  /** Blocks put, or said to be here, since the hold began: a fetch brings leaves before what links to them. */
  readonly touched: IdSet
}

/** A collection under way. */
interface Collection {
  /** Reached from a root. */
  readonly marked: IdSet
  /** Put, or said to be here, since it was asked for. */
  readonly touched: IdSet
  /** Yet to be walked. */
  readonly stack: CID[]
}

/** One for each store that is open for writing. */
export class Retention {
  readonly #store: BlockStore
  readonly #ledger: PinLedger
  readonly #holds = new Map<string, Hold>()
  #collection: Collection | null = null
  /** Pins and collections come one after the other: what a pin has found to be there must stay until it is recorded. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(store: BlockStore) {
    this.#store = store
    this.#ledger = new PinLedger(store.index, store.folder)
  }

  /**
   * Keeps everything that the roots reach, in place of what this owner kept before. Durable when it resolves; ends the
   * owner's hold.
   *
   * @throws StoreError 'incomplete' with the CID of a block that is not there, 'bad-block' with that of one that is no
   *   valid node, 'damaged' for one that does not fit its hash, 'disk-full', 'io'; pins and hold then are what they were
   */
  pin(owner: string, roots: readonly CID[]): Promise<void> {
    return this.#inTurn(async () => {
      await this.#store.flush()
      await walkHeld(this.#store, [...roots], new IdSet(), refusingFor(owner))
      this.#ledger.set(owner, roots)
      this.#endHold(owner)
    })
  }

  /**
   * Keeps, from now on, what the roots reach as far as it is here, and every block that is put or that `has` says is
   * here. In memory alone; ends with `pin` or `unpin`. A second hold of an owner adds to the first.
   *
   * @param roots none where they are not known yet, as during an import
   */
  hold(owner: string, roots: readonly CID[]): void {
    const before = this.#holds.get(owner) ?? { roots: [], touched: new IdSet() }
    // Whoever tries again and again names the same roots again and again.
    const all = new Map([...before.roots, ...roots].map((root) => [root.toString(), root]))
    this.#holds.set(owner, { roots: [...all.values()], touched: before.touched })
    this.#store.watchers.add(before.touched)
    this.#collection?.stack.push(...roots)
  }

  /** Ends the owner's pin and hold; no error without any. @throws StoreError 'disk-full', 'io' */
  unpin(owner: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#ledger.remove(owner)
      this.#endHold(owner)
    })
  }

  /** @returns all pins, by owner */
  pins(): Pin[] {
    return this.#ledger.all()
  }

  /**
   * Removes every block that no pin and no hold keeps, and gives the space back to the disk. Blocks that are put, or
   * that `has` says are here, while it works stay this time.
   *
   * @returns blocks removed and their bytes, and the bytes of the files that became shorter
   * @throws StoreError 'pins-lost', 'damaged' when a pinned node cannot be read, so that what it links to is unknown:
   *   nothing is removed then; 'disk-full' when there is no room even for forgetting, 'io'
   */
  gc(): Promise<{ blocks: number; bytes: number; diskBytes: number }> {
    // From this call on, not from its turn on: the caller knows no other beginning.
    const touched = new IdSet()
    this.#store.watchers.add(touched)
    return this.#inTurn(() => this.#collect(touched)).finally(() => this.#store.watchers.delete(touched))
  }

  async #collect(touched: IdSet): Promise<{ blocks: number; bytes: number; diskBytes: number }> {
    this.#ledger.requireKnown()
    await this.#flushIfThereIsRoom()
    const roots = [...this.#ledger.all(), ...this.#holds.values()].flatMap((kept) => kept.roots)
    const collection = { marked: new IdSet(), touched, stack: roots }
    this.#collection = collection
    try {
      const { blocks, bytes } = await this.#sweep(collection)
      return { blocks, bytes, diskBytes: await compact(this.#store) }
    } finally {
      this.#collection = null
    }
  }

  async #sweep(collection: Collection): Promise<{ blocks: number; bytes: number }> {
    const removed = { blocks: 0, bytes: 0 }
    const { index } = this.#store
    let after: Uint8Array = new Uint8Array(0)
    for (;;) {
      // A hold may bring roots at any time: they are walked before anything more goes.
      while (collection.stack.length > 0)
        await walkHeld(this.#store, collection.stack, collection.marked, AS_FAR_AS_THERE)
      const page = index.page(after, SWEEP_ROWS)
      const dead = page.filter(({ id }) => !this.#isKept(id, collection))
      if (dead.length > 0) index.transaction(() => index.remove(dead))
      removed.blocks += dead.length
      removed.bytes += dead.reduce((sum, { size }) => sum + size, 0)
      const last = page.at(-1)
      if (last === undefined) return removed
      after = last.digest
      await setImmediate()
    }
  }

  #isKept(id: number, { marked, touched }: Collection): boolean {
    if (marked.has(id) || touched.has(id)) return true
    for (const hold of this.#holds.values()) if (hold.touched.has(id)) return true
    return false
  }

  /** Blocks that could not be written have no row to be swept; the removal itself may make the room they lack. */
  async #flushIfThereIsRoom(): Promise<void> {
    try {
      await this.#store.flush()
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'disk-full') throw error
    }
  }

  #endHold(owner: string): void {
    const hold = this.#holds.get(owner)
    if (hold === undefined) return
    this.#holds.delete(owner)
    this.#store.watchers.delete(hold.touched)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

/** A collection keeps what is there. */
const AS_FAR_AS_THERE: WalkProblems = { missing: () => undefined, malformed: () => undefined }

/** A pin is for all or for nothing. */
function refusingFor(owner: string): WalkProblems {
  return {
    missing: (cid) => {
      const name = cid.toString()
      throw new StoreError('incomplete', `${owner} cannot be pinned: block ${name} is not here`, { cid: name })
    },
    malformed: (cid, cause) => {
      const name = cid.toString()
      throw new StoreError('bad-block', `${owner} cannot be pinned: block ${name} is no valid node`, {
        cid: name,
        cause,
      })
    },
  }
}

/** Who keeps which roots, in the index's own file; and a copy beside it for the day the index is lost. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { CID } from 'multiformats/cid'
import * as v from 'valibot'
import { writeFileAtomic } from './atomic-file.ts'
import type { BlockIndex } from './block-index.ts'
import { failedWith, StoreError, storeErrorFrom } from './errors.ts'

export interface Pin {
  /** Who wants them kept; free text, one pin each. */
  owner: string
  roots: CID[]
}

const COPY = 'pins.json'
const CopySchema = v.object({
  v: v.literal(1),
  pins: v.array(v.object({ owner: v.string(), roots: v.array(v.string()) })),
})

export class PinLedger {
  readonly #index: BlockIndex
  readonly #copy: string

  /** @param folder the store's */
  constructor(index: BlockIndex, folder: string) {
    this.#index = index
    this.#copy = join(folder, COPY)
  }

  /** @returns all pins by owner, roots in the order they were given */
  all(): Pin[] {
    return readPins(this.#index.database)
  }

  /**
   * Replaces what this owner keeps; durable when it returns.
   *
   * @throws StoreError 'disk-full', 'io'; the pins then are what they were
   */
  set(owner: string, roots: readonly CID[]): void {
    // The copy comes first and names old and new: whatever happens next, it never keeps too little.
    const before = this.all().find((pin) => pin.owner === owner)?.roots ?? []
    this.#writeCopy([...this.all(), { owner, roots: [...before, ...roots] }])
    this.#index.transaction(() => {
      writePins(this.#index.database, { owner, roots: [...roots] })
      this.#index.setCounter('pinsLost', 0)
    })
  }

  /** Ends what this owner keeps; no error when that is nothing. @throws StoreError 'disk-full', 'io'; nothing has changed then */
  remove(owner: string): void {
    this.#index.transaction(() => writePins(this.#index.database, { owner, roots: [] }))
    try {
      this.#writeCopy(this.all())
    } catch (error) {
      // On a full disk the copy goes on naming a pin that has ended, until the next change: it keeps too much.
      if (!(error instanceof StoreError) || error.code !== 'disk-full') throw error
    }
  }

  /** @throws StoreError 'pins-lost' while an index that was rebuilt without its pins has got none anew */
  requireKnown(): void {
    if (this.#index.counter('pinsLost') === 0) return
    const message = 'the index was lost and its pins with it, so nothing is removed until something is pinned again'
    throw new StoreError('pins-lost', message)
  }

  /** @param pins a later one of an owner counts */
  #writeCopy(pins: readonly Pin[]): void {
    const byOwner = [...new Map(pins.map((pin) => [pin.owner, pin])).values()]
    const texts = byOwner.map(({ owner, roots }) => ({ owner, roots: roots.map(String) }))
    writeFileAtomic(this.#copy, Buffer.from(`${JSON.stringify({ v: 1, pins: texts }, null, 1)}\n`))
  }
}

/**
 * Fills the table of a rebuilt index from the copy; where there is none, notes that the pins are lost.
 *
 * @throws StoreError 'damaged' for a copy that cannot be read, 'disk-full', 'io'
 */
export function restorePins(index: BlockIndex, folder: string): void {
  const pins = readCopy(join(folder, COPY))
  index.transaction(() => {
    if (pins === null) index.setCounter('pinsLost', 1)
    for (const pin of pins ?? []) writePins(index.database, pin)
  })
}

function readCopy(file: string): Pin[] | null {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return null
    throw storeErrorFrom(error, `reading ${file}`)
  }
  try {
    const { pins } = v.parse(CopySchema, JSON.parse(text))
    return pins.map(({ owner, roots }) => ({ owner, roots: roots.map((root) => CID.parse(root)) }))
  } catch (cause) {
    throw new StoreError('damaged', `${file} is damaged; move it away to go on without the pins it names`, { cause })
  }
}

function readPins(database: DatabaseSync): Pin[] {
  const rows = database.prepare('SELECT owner, root FROM pins ORDER BY owner, position').all()
  const pins = new Map<string, CID[]>()
  for (const { owner, root } of rows as unknown as { owner: string; root: Uint8Array }[]) {
    const roots = pins.get(owner) ?? []
    roots.push(CID.decode(root))
    pins.set(owner, roots)
  }
  return [...pins].map(([owner, roots]) => ({ owner, roots }))
}

function writePins(database: DatabaseSync, { owner, roots }: Pin): void {
  database.prepare('DELETE FROM pins WHERE owner = ?').run(owner)
  const insert = database.prepare('INSERT INTO pins VALUES (?, ?, ?)')
  for (const [position, root] of roots.entries()) insert.run(owner, position, root.bytes)
}

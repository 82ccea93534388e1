/** The index: where each block lies, how much of each pack is alive, and the table of pins. SQLite in WAL mode. */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { StoreError, storeErrorFrom } from './errors.ts'
import { INDEX_BUSY_MS, INDEX_CACHE_BYTES, RECENT_LOCATIONS } from './limits.ts'
import { headerLength } from './section.ts'

/** Where a block lies. */
export interface Location {
  /** Ascends in the order of putting, never used twice; what IdSet counts in. */
  id: number
  /** Codec of the CID it was first put under. */
  codec: number
  pack: number
  /** Where its section begins. */
  offset: number
  /** Bytes of the block. */
  size: number
}

/** A row of the index; `digest` is sha2-256. */
export interface IndexedBlock extends Location {
  digest: Uint8Array
}

export interface PackRow {
  pack: number
  /** Bytes from the pack's beginning of which everything is known: what lies beyond was never promised to anybody. */
  indexedTo: number
  /** Live blocks. */
  blocks: number
  /** Bytes of the live blocks. */
  bytes: number
  /** Bytes of their sections. */
  sectionBytes: number
}

/** A block's copy in another pack. */
export interface Move {
  digest: Uint8Array
  from: Location
  to: { pack: number; offset: number }
}

/**
 * - `nextId`: the first id not used yet
 * - `lastPack`: the highest pack number ever used
 * - `unfilled`: 1 from the making of an index until everything is in it that was there before
 * - `pinsLost`: 1 while the pins of an index that was lost are unknown
 */
type Counter = 'nextId' | 'lastPack' | 'unfilled' | 'pinsLost'

const FORMAT = 1
/** The key is the digest: the codec does not matter for bytes. It spreads, the rows stay small: no second tree. */
const SCHEMA = `
  CREATE TABLE blocks (digest BLOB PRIMARY KEY, id INTEGER NOT NULL, codec INTEGER NOT NULL, pack INTEGER NOT NULL,
    offset INTEGER NOT NULL, size INTEGER NOT NULL) WITHOUT ROWID, STRICT;
  CREATE TABLE packs (pack INTEGER PRIMARY KEY, indexedTo INTEGER NOT NULL, blocks INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0, sectionBytes INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE TABLE pins (owner TEXT NOT NULL, position INTEGER NOT NULL, root BLOB NOT NULL,
    PRIMARY KEY (owner, position)) WITHOUT ROWID, STRICT;
  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID, STRICT;
  INSERT INTO counters VALUES ('unfilled', 1);
  PRAGMA user_version = ${FORMAT};
`
const SQL = {
  find: 'SELECT id, codec, pack, offset, size FROM blocks WHERE digest = ?',
  insert: 'INSERT OR IGNORE INTO blocks VALUES (?, ?, ?, ?, ?, ?)',
  remove: 'DELETE FROM blocks WHERE digest = ?',
  move: 'UPDATE blocks SET pack = ?, offset = ? WHERE digest = ? AND pack = ? AND offset = ?',
  page: 'SELECT digest, id, codec, pack, offset, size FROM blocks WHERE digest > ? ORDER BY digest LIMIT ?',
  ofPack: 'SELECT digest, id, codec, pack, offset, size FROM blocks WHERE pack = ? ORDER BY offset',
  count: `INSERT INTO packs VALUES (?, 0, ?, ?, ?) ON CONFLICT (pack) DO UPDATE SET blocks = blocks + excluded.blocks,
    bytes = bytes + excluded.bytes, sectionBytes = sectionBytes + excluded.sectionBytes`,
  reach: `INSERT INTO packs (pack, indexedTo) VALUES (?, ?)
    ON CONFLICT (pack) DO UPDATE SET indexedTo = max(indexedTo, excluded.indexedTo)`,
  packs: 'SELECT * FROM packs ORDER BY pack',
  dropPack: 'DELETE FROM packs WHERE pack = ?',
  usage: 'SELECT sum(blocks) AS blocks, sum(bytes) AS bytes FROM packs',
  counter: 'SELECT value FROM counters WHERE name = ?',
  setCounter: 'INSERT OR REPLACE INTO counters VALUES (?, ?)',
} as const

export class BlockIndex {
  readonly database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  /** Places that were asked for lately; null where another process may change the index. */
  readonly #recent: Map<string, Location> | null

  /**
   * @throws StoreError 'damaged' for a file that is no sound database, 'newer-format', 'no-store' when it is not there
   *   and only to be read, 'disk-full', 'io'
   */
  constructor(file: string, readOnly: boolean) {
    let database: DatabaseSync | null = null
    try {
      database = new DatabaseSync(file, { readOnly, timeout: INDEX_BUSY_MS })
      database.exec(`PRAGMA cache_size = -${INDEX_CACHE_BYTES / 1024}`)
      if (!readOnly) database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
      const format = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
      if (format > FORMAT)
        throw new StoreError('newer-format', `${file} was written by a newer holdfast; update this one`)
      if (format === 0 && readOnly) throw new StoreError('no-store', `${file} holds no index`)
      if (format === 0) database.exec(`BEGIN; ${SCHEMA} COMMIT`)
    } catch (error) {
      database?.close()
      throw storeErrorFrom(error, `opening ${file}`)
    }
    this.database = database
    this.#recent = readOnly ? null : new Map()
  }

  /** Everything inside happens or nothing does; durable when it returns. @throws StoreError, and whatever `work` throws */
  transaction<T>(work: () => T): T {
    if (!this.database.isOpen) throw new StoreError('closed', 'the store was closed')
    try {
      this.database.exec('BEGIN IMMEDIATE')
      const result = work()
      this.database.exec('COMMIT')
      return result
    } catch (error) {
      // A full disk may have ended the transaction already.
      if (this.database.isTransaction) this.database.exec('ROLLBACK')
      throw storeErrorFrom(error, 'writing the index')
    }
  }

  find(digest: Uint8Array): Location | null {
    const key = this.#recent === null ? '' : Buffer.from(digest).toString('latin1')
    const recent = this.#recent?.get(key)
    if (recent !== undefined) return recent
    const found = (this.#read(SQL.find, (sql) => sql.get(digest)) as Location | undefined) ?? null
    if (found !== null) this.#remember(key, found)
    return found
  }

  /** Records blocks; one that has a row keeps it. Call inside a transaction. @returns how many are new */
  insert(blocks: Iterable<IndexedBlock>): number {
    const tally = new Tally()
    let inserted = 0
    for (const block of blocks) {
      const { digest, id, codec, pack, offset, size } = block
      const { changes } = this.#prepared(SQL.insert).run(digest, id, codec, pack, offset, size)
      if (changes !== 1) continue
      tally.add(block, 1)
      inserted += 1
    }
    this.#count(tally)
    return inserted
  }

  /** Forgets blocks that have rows. Call inside a transaction. */
  remove(blocks: Iterable<IndexedBlock>): void {
    this.#recent?.clear()
    const tally = new Tally()
    for (const block of blocks) {
      if (this.#prepared(SQL.remove).run(block.digest).changes === 1) tally.add(block, -1)
    }
    this.#count(tally)
  }

  /** Points rows to copies; a row that is gone meanwhile stays gone. Call inside a transaction. */
  move(moves: Iterable<Move>): void {
    this.#recent?.clear()
    const tally = new Tally()
    for (const { digest, from, to } of moves) {
      const { changes } = this.#prepared(SQL.move).run(to.pack, to.offset, digest, from.pack, from.offset)
      if (changes !== 1) continue
      tally.add(from, -1)
      tally.add({ ...from, ...to }, 1)
    }
    this.#count(tally)
  }

  /** Records that everything in a pack up to there is known. Call inside a transaction. */
  setIndexedTo(pack: number, end: number): void {
    this.#prepared(SQL.reach).run(pack, end)
  }

  /** Forgets a pack without live blocks. @throws StoreError */
  dropPack(pack: number): void {
    this.transaction(() => this.#prepared(SQL.dropPack).run(pack))
  }

  /** @returns at most `limit` blocks in the order of their digests, from the one after `after` on */
  page(after: Uint8Array, limit: number): IndexedBlock[] {
    return this.#read(SQL.page, (sql) => sql.all(after, limit)) as IndexedBlock[]
  }

  /** @returns the live blocks of a pack in the order in which they lie there */
  blocksOf(pack: number): IndexedBlock[] {
    return this.#read(SQL.ofPack, (sql) => sql.all(pack)) as IndexedBlock[]
  }

  packs(): PackRow[] {
    return this.#read(SQL.packs, (sql) => sql.all()) as PackRow[]
  }

  /** @returns live blocks and their bytes */
  usage(): { blocks: number; bytes: number } {
    const sums = this.#read(SQL.usage, (sql) => sql.get()) as { blocks: number | null; bytes: number | null }
    return { blocks: sums.blocks ?? 0, bytes: sums.bytes ?? 0 }
  }

  /** @returns the value set last, 0 before that */
  counter(name: Counter): number {
    const row = this.#read(SQL.counter, (sql) => sql.get(name)) as { value: number } | undefined
    return row?.value ?? 0
  }

  setCounter(name: Counter, value: number): void {
    this.#prepared(SQL.setCounter).run(name, value)
  }

  close(): void {
    if (this.database.isOpen) this.database.close()
  }

  /** The oldest goes when there are too many. */
  #remember(key: string, location: Location): void {
    const recent = this.#recent
    if (recent === null) return
    if (recent.size >= RECENT_LOCATIONS) recent.delete(recent.keys().next().value ?? '')
    recent.set(key, location)
  }

  #read(sql: string, run: (statement: StatementSync) => unknown): unknown {
    if (!this.database.isOpen) throw new StoreError('closed', 'the store was closed')
    try {
      return run(this.#prepared(sql))
    } catch (error) {
      throw storeErrorFrom(error, 'reading the index')
    }
  }

  #count(tally: Tally): void {
    for (const [pack, { blocks, bytes, sectionBytes }] of tally.packs) {
      this.#prepared(SQL.count).run(pack, blocks, bytes, sectionBytes)
    }
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

/** What changes in the counts of each pack. */
class Tally {
  readonly packs = new Map<number, { blocks: number; bytes: number; sectionBytes: number }>()

  add({ pack, codec, size }: Location, sign: 1 | -1): void {
    const counts = this.packs.get(pack) ?? { blocks: 0, bytes: 0, sectionBytes: 0 }
    counts.blocks += sign
    counts.bytes += sign * size
    counts.sectionBytes += sign * (headerLength(codec, size) + size)
    this.packs.set(pack, counts)
  }
}

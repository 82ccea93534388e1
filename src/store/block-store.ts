/** The store of blocks: append-only packs and an index. One process writes, others may read. */
import { join } from 'node:path'
import { MAX_BLOCK_BYTES, type BlockReader, type BlockWriter } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import { makeFolder } from './atomic-file.ts'
import { BlockAppender } from './block-appender.ts'
import { cidOf, isIdentity, isSha256 } from './block-cid.ts'
import type { BlockIndex, IndexedBlock, Location } from './block-index.ts'
import { damagedBlock, failedWith, StoreError, storeErrorFrom } from './errors.ts'
import { tryLockFile, type FileLock } from './file-lock.ts'
import type { IdSet } from './id-set.ts'
import { PACK_BYTES, SWEEP_ROWS } from './limits.ts'
import { PackFiles } from './pack-files.ts'
import { PackWriter } from './pack-writer.ts'
import { openIndexForReading, openIndexForWriting, recover, type Recovery } from './recovery.ts'
import { encodeHeader, headerLength } from './section.ts'
import { verifyBlocks, type BlockProblem, type VerifyOptions } from './verify-blocks.ts'

export interface OpenOptions {
  /** Beside a process that writes, whose blocks are seen once they were flushed. */
  readOnly?: boolean
  /** Bytes after which a pack gets no more blocks; PACK_BYTES unless given, as tests do. */
  packBytes?: number
}

/** What a store that is open for writing has besides. */
interface Writing {
  appender: BlockAppender
  lock: FileLock
  recovery: Recovery
}

export class BlockStore implements BlockReader, BlockWriter {
  readonly folder: string
  /** What had to be mended when the store was opened; null when it was opened for reading. */
  readonly recovery: Recovery | null
  /** For src/store alone: the parts that collection, compaction and the ledger of pins work on. */
  readonly index: BlockIndex
  readonly files: PackFiles
  /** For src/store alone: sets that learn of each block put, or said to be here by `has`, while they are in. */
  readonly watchers = new Set<IdSet>()
  readonly #writing: Writing | null
  #closed = false

  private constructor(folder: string, index: BlockIndex, files: PackFiles, writing: Writing | null) {
    this.folder = folder
    this.index = index
    this.files = files
    this.recovery = writing?.recovery ?? null
    this.#writing = writing
  }

  /**
   * Opens the store in a folder, which is made when it is not there, and mends what a crash left.
   *
   * @throws StoreError 'in-use' when another process writes, 'no-store' when there is nothing to be read,
   *   'newer-format', 'damaged', 'disk-full', 'io'
   */
  static open(folder: string, options: OpenOptions = {}): BlockStore {
    const { readOnly = false, packBytes = PACK_BYTES } = options
    const files = new PackFiles(join(folder, 'packs'))
    const indexFile = join(folder, 'index.db')
    if (readOnly) return new BlockStore(folder, openIndexForReading(indexFile), files, null)
    let lock: FileLock | null = null
    let index: BlockIndex | null = null
    try {
      makeFolder(files.folder)
      lock = tryLockFile(join(folder, 'writer.lock'))
      if (lock === null) throw new StoreError('in-use', `another process writes into ${folder}; wait until it ends`)
      index = openIndexForWriting(indexFile)
      const { recovery, reopen } = recover(index, files, folder)
      const appender = new BlockAppender(index, new PackWriter(files, index.counter('lastPack'), reopen, packBytes))
      return new BlockStore(folder, index, files, { appender, lock, recovery })
    } catch (error) {
      files.close()
      index?.close()
      lock?.release()
      throw storeErrorFrom(error, `opening the store in ${folder}`)
    }
  }

  /** @returns whether the block is here; while a hold or a collection is under way, what is said to be here stays */
  async has(cid: CID): Promise<boolean> {
    const found = this.locate(cid)
    if (found === null) return isIdentity(cid)
    for (const watcher of this.watchers) watcher.add(found.id)
    return true
  }

  /**
   * @returns the block, or null when it is not here. Its hash is not checked again (`verify` does), but that this place
   *   on disk is the one of this hash is
   * @throws StoreError 'damaged' when the disk does not give back what was written, 'io', 'closed'
   */
  async get(cid: CID): Promise<Uint8Array | null> {
    const found = this.locate(cid)
    if (found !== null) return this.readAt(cid, found)
    return isIdentity(cid) ? cid.multihash.digest : null
  }

  /** @returns bytes of the block, or null when it is not here; unlike `has` it promises nothing for later */
  sizeOf(cid: CID): number | null {
    const found = this.locate(cid)
    if (found !== null) return found.size
    return isIdentity(cid) ? cid.multihash.digest.length : null
  }

  /**
   * Stores a block, of which the caller knows that it fits its hash. It can be read when this resolves, and is durable
   * after the next `flush`. A block that is here already is not stored again.
   *
   * @throws StoreError 'disk-full' or 'io', and then nothing has changed; 'bad-block' for a block over MAX_BLOCK_BYTES
   *   or a hash other than sha2-256; 'read-only', 'closed'
   */
  async put(cid: CID, bytes: Uint8Array): Promise<void> {
    if (this.appender.isFull) await this.flush()
    if (isIdentity(cid)) return
    requireStorable(cid, bytes)
    const id = this.locate(cid)?.id ?? this.appender.append(cid, bytes)
    this.appender.flushEarly()
    for (const watcher of this.watchers) watcher.add(id)
  }

  /**
   * Every block put before is durable once this resolves. Puts may go on meanwhile.
   *
   * @throws StoreError 'disk-full': nothing is lost, the blocks can be read, and a later flush may succeed; 'io' when
   *   the disk fails: the store must be opened again; 'read-only', 'closed'
   */
  async flush(): Promise<void> {
    await this.appender.flush()
  }

  /** @returns live blocks and their bytes, and what the packs take on disk; the index takes some 80 bytes a block more */
  usage(): { blocks: number; bytes: number; diskBytes: number } {
    this.#requireOpen()
    const { blocks, bytes } = this.index.usage()
    const unindexed = this.#unindexed()
    return {
      blocks: blocks + unindexed.length,
      bytes: bytes + unindexed.reduce((sum, { size }) => sum + size, 0),
      diskBytes: this.files.list().reduce((sum, { size }) => sum + size, 0),
    }
  }

  /** @returns the CIDs of all blocks, in no useful order; version 1, with the codec each was first put under */
  *cids(): Generator<CID> {
    for (const block of this.#unindexed()) yield cidOf(block)
    let after: Uint8Array = new Uint8Array(0)
    for (;;) {
      this.#requireOpen()
      const page = this.index.page(after, SWEEP_ROWS)
      for (const block of page) yield cidOf(block)
      const last = page.at(-1)
      if (last === undefined) return
      after = last.digest
    }
  }

  /**
   * Reads blocks, all of them unless told otherwise, and compares their hashes. Blocks that come or go meanwhile are no
   * problem.
   *
   * @returns those that the disk does not give back as they were; `discard` forgets them
   * @throws StoreError as `flush`
   */
  async *verify(options: VerifyOptions = {}): AsyncGenerator<BlockProblem> {
    if (this.#writing !== null) await this.flush()
    yield* verifyBlocks(this, options)
  }

  /**
   * Forgets blocks, pinned or not: damaged ones, so that they can be put again.
   *
   * @throws StoreError as `flush`
   */
  async discard(cids: Iterable<CID>): Promise<void> {
    await this.flush()
    const found: IndexedBlock[] = []
    for (const cid of cids) {
      const location = this.locate(cid)
      if (location !== null) found.push({ ...location, digest: cid.multihash.digest })
    }
    this.index.transaction(() => this.index.remove(found))
  }

  /**
   * Flushes and closes. A second call does nothing.
   *
   * @throws StoreError as `flush`; it is closed all the same
   */
  async close(): Promise<void> {
    if (this.#closed) return
    try {
      if (this.#writing !== null) await this.flush()
    } finally {
      this.#closed = true
      this.#writing?.appender.writer.close()
      this.files.close()
      this.index.close()
      this.#writing?.lock.release()
    }
  }

  /** For src/store alone: the writing half. @throws StoreError 'read-only', 'closed' */
  get appender(): BlockAppender {
    this.#requireOpen()
    if (this.#writing !== null) return this.#writing.appender
    throw new StoreError('read-only', `the store in ${this.folder} was opened for reading`)
  }

  /** For src/store alone: where a block lies, without telling the watchers; null for identity CIDs. */
  locate(cid: CID): Location | null {
    this.#requireOpen()
    if (!isSha256(cid)) return null
    const { digest } = cid.multihash
    return this.#writing?.appender.find(digest) ?? this.index.find(digest)
  }

  /** For src/store alone: the bytes at a place. @throws as `get` */
  readAt(cid: CID, { codec, pack, offset, size }: Location): Uint8Array {
    const { digest } = cid.multihash
    const header = encodeHeader(digest, codec, size)
    const section = new Uint8Array(Buffer.allocUnsafeSlow(headerLength(codec, size) + size).buffer)
    try {
      this.#readInto(section, pack, offset)
    } catch (error) {
      // A process beside ours has rewritten the pack; its index says where the block is now.
      const moved = this.#writing === null && failedWith(error, 'ENOENT') ? this.index.find(digest) : null
      if (moved !== null && moved.pack !== pack) return this.readAt(cid, moved)
      throw damagedBlock(cid, ` in ${this.files.pathOf(pack)}`, error)
    }
    if (Buffer.compare(section.subarray(0, header.length), header) !== 0) {
      throw damagedBlock(cid, ` in ${this.files.pathOf(pack)}`, new Error('another block stands in its place'))
    }
    return section.subarray(header.length)
  }

  #readInto(section: Uint8Array, pack: number, offset: number): void {
    const buffered = this.#writing?.appender.writer.readBuffered(pack, offset, section.length) ?? null
    if (buffered !== null) section.set(buffered)
    else if (this.files.read(pack, offset, section) < section.length) throw new Error('the pack ends too early')
  }

  #unindexed(): IndexedBlock[] {
    return this.#writing?.appender.unindexed() ?? []
  }

  #requireOpen(): void {
    if (this.#closed) throw new StoreError('closed', `the store in ${this.folder} was closed`)
  }
}

function requireStorable(cid: CID, bytes: Uint8Array): void {
  const isLarge = bytes.length > MAX_BLOCK_BYTES
  if (isSha256(cid) && !isLarge) return
  const name = cid.toString()
  const why = isLarge ? `has ${bytes.length} bytes, more than a block may have` : 'has a hash other than sha2-256'
  throw new StoreError('bad-block', `${name} ${why}`, { cid: name })
}

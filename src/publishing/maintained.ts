/** The archives that this home maintains: their signed state and the blocks of the newest release, apart from what it mirrors. */
import { join } from 'node:path'
import { hash } from 'node:crypto'
import { diffTrees, importTree, listTree, writeManifest, DagError, type BlockReader } from '@holdfast/dag'
import type { ReleaseContent, ReleaseInfo } from '@holdfast/release'
import type { CID } from 'multiformats/cid'
import { ArchiveBook, type Archive } from '../archives/archive-book.ts'
import { openBundle } from '../bundles/open-bundle.ts'
import { takeBlocks } from '../bundles/take-blocks.ts'
import { CommandError, EXIT } from '../failure.ts'
import { makeHome, type Home } from '../home.ts'
import { BYTES_BESIDE_A_FILE, MAX_WASTE } from '../limits.ts'
import { ArchiveStore } from '../store/archive-store.ts'
import { BlockStore } from '../store/block-store.ts'
import { StoreError } from '../store/errors.ts'
import { Retention } from '../store/retention.ts'
import { usageError } from '../settings.ts'
import {
  dropImported,
  ImportedFiles,
  loadImported,
  saveImported,
  withImported,
  type ImportedList,
} from './imported-files.ts'
import type { ScannedFolder } from './source-folder.ts'

/** What changed from one release to the next, file by file. */
export interface Difference {
  added: string[]
  removed: string[]
  changed: string[]
}

const OWNER = 'maintainer'
const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer')

export class Maintained {
  readonly book: ArchiveBook
  readonly blocks: BlockStore
  readonly #retention: Retention
  readonly #folder: string
  #justImported: ImportedList | null = null

  private constructor(folder: string, book: ArchiveBook, blocks: BlockStore) {
    this.#folder = folder
    this.book = book
    this.blocks = blocks
    this.#retention = new Retention(blocks)
  }

  /** @throws StoreError when another command of this maintainer is at work */
  static async open(home: Home, now: () => Date): Promise<Maintained> {
    makeHome(home)
    const folder = join(home.data, 'maintainer')
    const blocks = BlockStore.open(join(folder, 'blocks'))
    try {
      return new Maintained(folder, await openBook(home, now), blocks)
    } catch (error) {
      await blocks.close()
      throw error
    }
  }

  /** @throws CommandError saying which archives there are, when the choice is not clear */
  choose(address: string | undefined): Archive {
    return chooseArchive(this.book, address)
  }

  /**
   * Imports a folder, durably. The blocks stay until `keepOnly`.
   *
   * @param rehash reads also the files that have not changed since the last publication, as far as the file system tells
   */
  async import(address: string, folder: ScannedFolder, rehash = false): Promise<ReleaseContent> {
    const known = rehash ? null : this.#knownFiles(address)
    const imported = new ImportedFiles(folder.scannedMs)
    const entries = imported.watching(withImported(folder.entries(), known))
    const { cid, rootBlockSize, size, files } = await importTree(entries, this.blocks, { sha256 })
    // `pin` walks over all of it.
    const manifest = await writeManifest(cid, this.blocks, { sha256 }, { checkLeaves: false })
    await this.blocks.flush()
    this.#justImported = { root: cid, records: imported.records }
    return { cid, rootBlockSize, size, files, manifest: manifest.cid }
  }

  /**
   * Takes the content of a release from a CAR or a bundle, durably: no block that it does not name, and the manifest made
   * anew. The blocks stay until `keepOnly`.
   *
   * @param claimed what somebody says of the content: a root, and bounds for what is stored
   * @returns what it is
   * @throws UploadError for foreign or damaged blocks; DagError 'missing-block' when the file does not hold all of it
   */
  async importCar(
    car: AsyncIterable<Uint8Array>,
    claimed: Pick<ReleaseInfo, 'cid' | 'manifest' | 'size' | 'files'>,
  ): Promise<ReleaseContent> {
    await takeBlocks(claimed, (await openBundle(car)).blocks, this.blocks, Infinity)
    const { cid } = claimed
    const root = await this.blocks.get(cid)
    const manifest = await writeManifest(cid, this.blocks, { sha256 })
    const content = { cid, rootBlockSize: root?.byteLength ?? 0, size: 0, files: 0, manifest: manifest.cid }
    for await (const { type, size } of listTree(cid, this.blocks)) {
      content.size += size
      if (type === 'file') content.files++
    }
    await this.blocks.flush()
    return content
  }

  /** The list of the last publication, while the store keeps all of it. */
  #knownFiles(address: string): ImportedList | null {
    const list = loadImported(this.#listOf(address))
    return list !== null && this.#retention.pins().some(({ roots }) => roots.some((root) => root.equals(list.root)))
      ? list
      : null
  }

  #listOf(address: string): string {
    return join(this.#folder, 'imported', `${address}.list`)
  }

  /** @returns null when the release before is not held, so that nobody can tell */
  async compare(before: CID | null, after: CID, reader: BlockReader): Promise<Difference | null> {
    const difference: Difference = { added: [], removed: [], changed: [] }
    try {
      for await (const { path, change } of diffTrees(before, after, reader)) difference[change].push(path)
      return difference
    } catch (error) {
      if (error instanceof DagError && error.code === 'missing-block') return null
      throw error
    }
  }

  /** @throws CommandError 'lost-block' (1) when the store lost what an earlier publication put into it */
  async pin(address: string, version: number, content: { cid: CID; manifest: CID }): Promise<void> {
    try {
      await this.#retention.pin(ownerOf(address, version, content.cid), [content.cid, content.manifest])
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'incomplete') throw error
      dropImported(this.#listOf(address))
      const message = `A block of the last publication is lost: ${error.message}; nothing was published.`
      throw new CommandError(EXIT.failed, 'lost-block', message, 'Publish again: every file is read anew then.', {
        cause: error,
      })
    }
    if (this.#justImported?.root.equals(content.cid) === true) saveImported(this.#listOf(address), this.#justImported)
  }

  /** Lets go of everything of an archive but this release. */
  async keepOnly({ address, version, cid }: ReleaseInfo): Promise<void> {
    const kept = ownerOf(address, version, cid)
    const others = this.#retention
      .pins()
      .filter(({ owner }) => owner.startsWith(`${OWNER}/${address}/`) && owner !== kept)
    for (const { owner } of others) await this.#retention.unpin(owner)
    if (this.#isWasteful()) await this.#retention.gc()
  }

  /** A collection passes over all that is kept, so it waits until it is worth it. */
  #isWasteful(): boolean {
    const needed = this.book
      .addresses()
      .map((address) => this.book.find(address)?.verified)
      .reduce((sum, release) => sum + (release?.size ?? 0) + (release?.files ?? 0) * BYTES_BESIDE_A_FILE, 0)
    return this.blocks.usage().bytes > needed * (1 + MAX_WASTE)
  }

  async close(): Promise<void> {
    await this.blocks.close()
  }
}

/** The signed state alone, for commands that need no blocks. */
export async function openBook(home: Home, now: () => Date): Promise<ArchiveBook> {
  return await ArchiveBook.open(new ArchiveStore(join(home.data, 'maintainer', 'archives')), now)
}

/** @throws CommandError when the home knows no such archive, or several and none is named */
export function chooseArchive(book: ArchiveBook, address: string | undefined): Archive {
  const addresses = book.addresses()
  const chosen = address ?? (addresses.length === 1 ? addresses[0] : undefined)
  const archive = chosen === undefined ? null : book.find(chosen)
  if (archive !== null) return archive
  if (address !== undefined) {
    throw new CommandError(
      EXIT.notFound,
      'unknown-archive',
      `This home knows no archive ${address}.`,
      'Check the address, or make an archive with "holdfast init".',
    )
  }
  if (addresses.length === 0)
    throw new CommandError(
      EXIT.notFound,
      'unknown-archive',
      'This home knows no archive yet.',
      'Make one with "holdfast init".',
    )
  throw usageError(`This home knows several archives: ${addresses.join(', ')}.`, 'Say which one with --archive.')
}

function ownerOf(address: string, version: number, cid: CID): string {
  return `${OWNER}/${address}/${version}/${cid}`
}

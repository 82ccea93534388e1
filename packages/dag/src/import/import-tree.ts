import type { CID } from 'multiformats/cid'
import type { BlockWriter, Hashing } from '../blocks.ts'
import { DagError } from '../errors.ts'
import { CHUNK_BYTES, MAX_TREE_DEPTH } from '../limits.ts'
import { checkName, printable } from '../names.ts'
import type { NamedLink } from '../unixfs-node.ts'
import { BlockSink } from './block-sink.ts'
import { writeDirectory, type WrittenDirectory } from './write-directory.ts'
import { writeFile, writeLeaf } from './write-file.ts'

/** A file to import. Modes, owners and times are not asked for: they are never stored. */
export interface SourceFile {
  type?: 'file'
  /** `a/b/c`, from the root. */
  path: string
  /** Its bytes as a stream, for a file of any size. Arrays that were yielded must not be changed afterwards. */
  content(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  /** Bytes, as known beforehand. A hint: what counts is what is read. */
  size?: number
  /** All its bytes at once; called instead of `content` where `size` is at most CHUNK_BYTES, and a good deal faster. */
  read?(): Uint8Array | Promise<Uint8Array>
  /** What it gave when it was imported before, where the store holds all of that still: then it is not read. */
  imported?: ImportedFile | undefined
  /** Told what it gave, when its blocks are put. */
  onImported?(file: ImportedFile): void
}

/** The UnixFS node of a file. */
export interface ImportedFile {
  cid: CID
  /** Bytes of its blocks, repeats counted. */
  tsize: number
  /** Bytes of its content. */
  size: number
}

/** A folder to import; needed only where it is empty. */
export interface SourceDirectory {
  type: 'directory'
  path: string
}

export type SourceEntry = SourceFile | SourceDirectory

export interface ImportedTree {
  cid: CID
  /** Bytes of the root block. */
  rootBlockSize: number
  /** Bytes of all files together. */
  size: number
  files: number
  /** Blocks put, equal ones counted each time. */
  blocks: number
}

/**
 * Makes UnixFS blocks of a tree, in the profile `unixfs-v1-2025`: Kubo gives the same folder the same root CID. Holds one
 * leaf and the lists of the folders that are open, whatever the size of the tree.
 *
 * @param entries in any order that finishes a folder before it leaves it, as a depth-first walk does
 * @throws DagError `unsafe-name` for names that checkName refuses, `bad-path` for a path that comes twice, or whose folder was
 *   left before, `too-deep`; errors of the source and the store as they are
 */
export async function importTree(
  entries: AsyncIterable<SourceEntry> | Iterable<SourceEntry>,
  store: BlockWriter,
  hashing: Hashing,
): Promise<ImportedTree> {
  const sink = new BlockSink(store, hashing)
  const folders = new OpenFolders(sink)
  let size = 0
  let files = 0
  for await (const entry of entries) {
    const names = namesOf(entry.path)
    if (entry.type === 'directory') {
      await folders.enter(names)
      continue
    }
    const name = names.pop() as string
    const folder = await folders.enter(names)
    folder.reserve(name, entry.path)
    const file = entry.imported ?? (await writeSource(entry, sink))
    entry.onImported?.(file)
    folder.links.push({ name, cid: file.cid, tsize: file.tsize })
    size += file.size
    files++
  }
  const root = await folders.finish()
  return { cid: root.cid, rootBlockSize: root.blockSize, size, files, blocks: sink.blocks }
}

async function writeSource(file: SourceFile, sink: BlockSink): Promise<ImportedFile> {
  if (file.read === undefined || file.size === undefined || file.size > CHUNK_BYTES)
    return await writeFile(file.content(), sink)
  const bytes = await file.read()
  // It may have grown since its size was looked at.
  return bytes.byteLength <= CHUNK_BYTES ? await writeLeaf(bytes, sink) : await writeFile([bytes], sink)
}

function namesOf(path: string): string[] {
  const names = path.split('/')
  for (const name of names) checkName(name)
  if (names.length > MAX_TREE_DEPTH + 1)
    throw new DagError('too-deep', `${printable(path)} lies in more than ${MAX_TREE_DEPTH} folders`)
  return names
}

class OpenFolder {
  readonly path: string
  readonly links: NamedLink[] = []
  readonly #names = new Set<string>()

  constructor(path: string) {
    this.path = path
  }

  /** Takes a name in this folder. @throws DagError `bad-path` when it is taken */
  reserve(name: string, path: string): void {
    if (this.#names.has(name))
      throw new DagError('bad-path', `${printable(path)} comes twice, or its folder was left before it was finished`)
    this.#names.add(name)
  }
}

/** The folders from the root to where the source is just now. */
class OpenFolders {
  readonly #sink: BlockSink
  readonly #root = new OpenFolder('')
  readonly #open: { name: string; folder: OpenFolder }[] = []

  constructor(sink: BlockSink) {
    this.#sink = sink
  }

  /** Closes what does not lead there and opens what is not open yet. */
  async enter(names: readonly string[]): Promise<OpenFolder> {
    const shared = this.#open.findIndex(({ name }, depth) => name !== names[depth])
    if (shared !== -1) await this.#closeTo(shared)
    let folder = this.#open.at(-1)?.folder ?? this.#root
    for (const name of names.slice(this.#open.length)) {
      const path = folder.path === '' ? name : `${folder.path}/${name}`
      folder.reserve(name, path)
      folder = new OpenFolder(path)
      this.#open.push({ name, folder })
    }
    return folder
  }

  async finish(): Promise<WrittenDirectory> {
    await this.#closeTo(0)
    return await writeDirectory(this.#root.links, this.#sink)
  }

  async #closeTo(depth: number): Promise<void> {
    while (this.#open.length > depth) {
      const { name, folder } = this.#open.pop() as { name: string; folder: OpenFolder }
      const { cid, tsize } = await writeDirectory(folder.links, this.#sink)
      const parent = this.#open.at(-1)?.folder ?? this.#root
      parent.links.push({ name, cid, tsize })
    }
  }
}

import type { CID } from 'multiformats/cid'
import type { BlockReader } from './blocks.ts'
import { directoryEntries } from './directory.ts'
import { DagError } from './errors.ts'
import { MAX_TREE_DEPTH, MAX_TREE_ENTRIES } from './limits.ts'
import { describeLink, type DirectoryEntry, type EntryType, type KnownNodes, type TreeLimits } from './list.ts'
import { compareNames } from './names.ts'
import type { NamedLink } from './unixfs-node.ts'

/** What is different at one path. */
export interface TreeChange {
  path: string
  change: 'added' | 'removed' | 'changed'
  /** A file or symlink; a folder only where it is empty, else what is in it tells. */
  type: EntryType
}

/**
 * What differs between two trees, file by file, in the order of listTree. What has the same CID on both sides is not read. A
 * file is `changed` when its CID is another one; where a folder takes a file's place, the file is removed and what is in
 * the folder added.
 *
 * @param before null for a tree that did not exist
 * @param limits counted over both trees together
 * @throws DagError as listTree
 */
export async function* diffTrees(
  before: CID | null,
  after: CID,
  reader: BlockReader,
  { maxEntries = MAX_TREE_ENTRIES, maxDepth = MAX_TREE_DEPTH }: Omit<TreeLimits, 'maxBytes'> = {},
): AsyncGenerator<TreeChange> {
  yield* new TreeDiff(reader, maxEntries, maxDepth).ofFolders(before, after, '', 0)
}

class TreeDiff {
  readonly #reader: BlockReader
  readonly #maxDepth: number
  #entriesLeft: number

  constructor(reader: BlockReader, maxEntries: number, maxDepth: number) {
    this.#reader = reader
    this.#entriesLeft = maxEntries
    this.#maxDepth = maxDepth
  }

  async *ofFolders(before: CID | null, after: CID | null, prefix: string, depth: number): AsyncGenerator<TreeChange> {
    if (depth > this.#maxDepth)
      throw new DagError('too-deep', `a tree has more than ${this.#maxDepth} folders in one another`)
    const known: KnownNodes = new Map()
    const describe = async (link: NamedLink | null): Promise<DirectoryEntry | null> =>
      link === null ? null : await describeLink(link, this.#reader, known)
    for (const [old, fresh] of sideBySide(await this.#entries(before), await this.#entries(after))) {
      if (old !== null && fresh !== null && old.cid.equals(fresh.cid)) continue
      const [left, right] = [await describe(old), await describe(fresh)]
      yield* this.#ofEntries(left, right, prefix, depth)
    }
  }

  async *#ofEntries(
    old: DirectoryEntry | null,
    fresh: DirectoryEntry | null,
    prefix: string,
    depth: number,
  ): AsyncGenerator<TreeChange> {
    if (old !== null && fresh !== null && (old.type === 'directory') === (fresh.type === 'directory')) {
      const path = prefix + fresh.name
      if (fresh.type === 'directory') yield* this.ofFolders(old.cid, fresh.cid, `${path}/`, depth + 1)
      else yield { path, change: 'changed', type: fresh.type }
      return
    }
    if (old !== null) yield* this.#whole('removed', old, prefix, depth)
    if (fresh !== null) yield* this.#whole('added', fresh, prefix, depth)
  }

  async *#whole(
    change: 'added' | 'removed',
    entry: DirectoryEntry,
    prefix: string,
    depth: number,
  ): AsyncGenerator<TreeChange> {
    const path = prefix + entry.name
    let empty = true
    if (entry.type === 'directory') {
      const [before, after] = change === 'removed' ? [entry.cid, null] : [null, entry.cid]
      for await (const inside of this.ofFolders(before, after, `${path}/`, depth + 1)) {
        empty = false
        yield inside
      }
    }
    if (empty) yield { path, change, type: entry.type }
  }

  async #entries(folder: CID | null): Promise<NamedLink[]> {
    if (folder === null) return []
    const entries = await directoryEntries(folder, this.#reader, this.#entriesLeft)
    this.#entriesLeft -= entries.length
    return entries
  }
}

/** Pairs the entries of two sorted lists by name; null where a side lacks it. */
function* sideBySide(before: NamedLink[], after: NamedLink[]): Generator<[NamedLink | null, NamedLink | null]> {
  let left = 0
  let right = 0
  for (;;) {
    const old = before[left] ?? null
    const fresh = after[right] ?? null
    if (old === null && fresh === null) return
    const order = old === null ? 1 : fresh === null ? -1 : compareNames(old.name, fresh.name)
    if (order <= 0) left++
    if (order >= 0) right++
    yield [order <= 0 ? old : null, order >= 0 ? fresh : null]
  }
}

import type { CID } from 'multiformats/cid'
import { loadBlock, type BlockReader } from './blocks.ts'
import { DagError } from './errors.ts'
import { MAX_DIRECTORY_ENTRIES } from './limits.ts'
import { checkName, compareNames } from './names.ts'
import { findInShards, walkShards } from './sharded-directory.ts'
import { nameTwice, onlyLink, parseNode, type NamedLink } from './unixfs-node.ts'

/**
 * All entries of a directory, plain or sharded, in the order of their names' UTF-8 bytes.
 *
 * @param most entries after which it ends
 * @throws DagError `unsafe-name` for a name that checkName refuses or that stands there twice, `not-a-directory`,
 *   `too-large`, `bad-block`, `missing-block`, `too-deep`
 */
export async function directoryEntries(
  cid: CID,
  reader: BlockReader,
  most: number = MAX_DIRECTORY_ENTRIES,
): Promise<NamedLink[]> {
  const entries: NamedLink[] = []
  const take = (links: NamedLink[]): void => {
    if (entries.length + links.length > most)
      throw new DagError(
        'too-large',
        `the folder ${cid.toString()} has more entries than the ${most} that are allowed`,
        { cid },
      )
    for (const link of links) {
      checkName(link.name)
      entries.push(link)
    }
  }
  const node = parseNode(cid, await loadBlock(cid, reader))
  if (node.kind === 'directory') take(node.links)
  else if (node.kind === 'shard') for await (const shard of walkShards(cid, reader)) take(shard.entries)
  else throw notADirectory(cid)

  entries.sort((one, other) => compareNames(one.name, other.name))
  for (const [at, { name }] of entries.entries()) if (name === entries[at + 1]?.name) throw nameTwice(cid, name)
  return entries
}

/**
 * The entry of that name, reading no more than the way to it.
 *
 * @param passed gets the CIDs of the blocks read: the directory's own, then its sub-shards
 * @returns null when there is none, or when `cid` is no directory
 * @throws DagError `unsafe-name` when it stands there twice, `bad-block`, `missing-block`, `too-deep`
 */
export async function findEntry(cid: CID, name: string, reader: BlockReader, passed: CID[]): Promise<NamedLink | null> {
  const node = parseNode(cid, await loadBlock(cid, reader))
  passed.push(cid)
  if (node.kind === 'directory') return onlyLink(cid, node.links, name)
  if (node.kind === 'shard') return await findInShards(cid, node, name, reader, passed)
  return null
}

function notADirectory(cid: CID): DagError {
  return new DagError('not-a-directory', `${cid.toString()} is no folder`, { cid })
}

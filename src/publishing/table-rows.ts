/** What changed in the tables of Markdown files, row by row: what a cosigner can judge, where a list of file names says little. */
import { readFile, resolvePath, type BlockReader } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import { MAX_COMPARED_TABLE_BYTES } from '../limits.ts'

export interface RowChanges {
  path: string
  added: string[]
  removed: string[]
}

/**
 * @param before null where the file is new
 * @param after null where it is gone
 * @returns null for files that are too large, not there, or have no rows that differ
 */
export async function changedRows(
  path: string,
  before: CID | null,
  after: CID | null,
  reader: BlockReader,
): Promise<RowChanges | null> {
  if (!/\.(?:md|markdown)$/i.test(path)) return null
  const old = before === null ? [] : await rowsOf(before, path, reader)
  const now = after === null ? [] : await rowsOf(after, path, reader)
  if (old === null || now === null) return null
  const added = now.filter((row) => !old.includes(row))
  const removed = old.filter((row) => !now.includes(row))
  return added.length + removed.length === 0 ? null : { path, added, removed }
}

/** Rows of all tables, without the lines of dashes; cells by single blanks, so that realigning a table changes nothing. */
async function rowsOf(root: CID, path: string, reader: BlockReader): Promise<string[] | null> {
  const node = await resolvePath(root, path, reader)
  if (node === null) return []
  if (node.type !== 'file' || node.size > MAX_COMPARED_TABLE_BYTES) return null
  const parts: Uint8Array[] = []
  for await (const part of readFile(node.cid, reader)) parts.push(part)
  const lines = Buffer.concat(parts).toString('utf8').split(/\r?\n/)
  return lines.filter((line) => /^\s*\|/.test(line) && !/^[\s|:-]+$/.test(line)).map(normalized)
}

function normalized(row: string): string {
  return row
    .trim()
    .replaceAll(/\s*\|\s*/g, ' | ')
    .trim()
}

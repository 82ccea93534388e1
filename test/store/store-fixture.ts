/** Folders and stores for tests. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { BlockStore, type OpenOptions } from '../../src/store/block-store.ts'
import type { TestBlock } from './written-blocks.ts'

/** @returns an empty folder that goes with the test; in memory where that is possible, since fsync is not what is tested */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'holdfast-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** @returns a store that is closed with the test */
export function openStore(folder: string, options: OpenOptions = {}): BlockStore {
  const store = BlockStore.open(folder, options)
  onTestFinished(() => store.close())
  return store
}

export async function putAll(store: BlockStore, blocks: Iterable<TestBlock>): Promise<void> {
  for (const { cid, bytes } of blocks) await store.put(cid, bytes)
}

/** @returns CIDs of those of the blocks that are not there, or not as they were put */
export async function lostOf(store: BlockStore, blocks: Iterable<TestBlock>): Promise<string[]> {
  const lost: string[] = []
  for (const { cid, bytes } of blocks) {
    const there = await store.get(cid)
    if (there === null || Buffer.compare(there, bytes) !== 0) lost.push(String(cid))
  }
  return lost
}

/** @returns the files of the packs, in order */
export function packPaths(folder: string): string[] {
  return readdirSync(join(folder, 'packs'))
    .toSorted()
    .map((name) => join(folder, 'packs', name))
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

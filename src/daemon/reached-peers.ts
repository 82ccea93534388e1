/** Peers that were reached, written down so that a mirror finds the others again when the hints of its link are gone. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Home } from '../home.ts'
import { writeFileAtomic } from '../store/atomic-file.ts'
import { MAX_CONTACTS } from './limits.ts'

/** @param hints multiaddrs of peers that are connected; with none, what was written before stays */
export function saveReached(home: Home, hints: readonly string[]): void {
  if (hints.length === 0) return
  writeFileAtomic(fileOf(home), new TextEncoder().encode(`${JSON.stringify(hints, null, 1)}\n`))
}

/** @returns what was written last; empty when there is nothing that can be read, which costs no more than a few contacts */
export async function reachedBefore(home: Home): Promise<string[]> {
  try {
    const value: unknown = JSON.parse(await readFile(fileOf(home), 'utf8'))
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string').slice(0, MAX_CONTACTS) : []
  } catch {
    return []
  }
}

function fileOf(home: Home): string {
  return join(home.data, 'peers.json')
}

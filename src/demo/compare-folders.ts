/** Compares two folders byte for byte. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** @returns the first difference in words, or null when names and bytes are the same */
export function findDifference(one: string, other: string): string | null {
  const names = filesIn(one)
  const otherNames = filesIn(other)
  const missing = names.find((name) => !otherNames.includes(name)) ?? otherNames.find((name) => !names.includes(name))
  if (missing !== undefined) return `${missing} is only on one side`
  const changed = names.find((name) => !readFileSync(join(one, name)).equals(readFileSync(join(other, name))))
  return changed === undefined ? null : `${changed} has other bytes`
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted()
}

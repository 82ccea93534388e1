/** The data that all sides work on. */
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SeededRandom } from '@holdfast/testkit'

/** Sizes of files spread as in collections of documents and pictures: lognormal with this sigma. */
const SIGMA = 1.5
const FILES_PER_FOLDER = 100
const REAL_ARCHIVE = join(import.meta.dirname, '../../shared/dataset/996icu')

/** Writes so many files of so many bytes together, the same ones each time. @returns the folder */
export function generatedFiles(folder: string, count: number, bytes: number, seed = 1): string {
  const random = new SeededRandom(seed)
  const shares = Array.from({ length: count }, () => Math.exp(SIGMA * normal(random)))
  const unit = bytes / shares.reduce((sum, share) => sum + share, 0)
  for (const [at, share] of shares.entries()) {
    const below = join(folder, `d${String(Math.floor(at / FILES_PER_FOLDER)).padStart(4, '0')}`)
    if (at % FILES_PER_FOLDER === 0) mkdirSync(below, { recursive: true })
    writeFileSync(join(below, `f${at}.bin`), noise(random, Math.max(1, Math.floor(share * unit))))
  }
  return folder
}

/** @returns the real archive at that date, or null where it does not stand beside the project */
export function realArchive(date: '2020-05' | '2025-08'): string | null {
  const folder = join(REAL_ARCHIVE, date)
  return existsSync(folder) ? folder : null
}

/** @returns bytes of all files below */
export function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

/** Box and Muller's. */
function normal(random: SeededRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.between(0, 1))) * Math.cos(2 * Math.PI * random.between(0, 1))
}

/** Bytes that no compression makes smaller: a xorshift generator, as fast as a disk. */
function noise(random: SeededRandom, length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = Math.floor(random.between(0, 1) * 0xffffffff) | 1
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[at] = state
  }
  return new Uint8Array(words.buffer, 0, length)
}

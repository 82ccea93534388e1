import { DagError } from './errors.ts'
import { MAX_NAME_BYTES } from './limits.ts'

const encoder = new TextEncoder()

/**
 * Checks that a name can be written into a folder on Linux, macOS and Windows without leaving it. Names that one of them
 * cannot store (`a:b` or `aux` on Windows) pass: there, writing fails, in the folder.
 *
 * @throws DagError `unsafe-name` saying which name and why
 */
export function checkName(name: string): void {
  const problem = problemOf(name)
  if (problem !== null) throw new DagError('unsafe-name', `the name ${printable(name)} ${problem}`)
}

function problemOf(name: string): string | null {
  if (name === '') return 'is empty'
  if (name === '.' || name === '..') return 'stands for another folder'
  if (name.includes('/')) return 'holds a slash'
  if (name.includes('\\')) return 'holds a backslash, which leaves the folder on Windows'
  if (name.includes('\0')) return 'holds a zero byte'
  if (!name.isWellFormed()) return 'is no Unicode text'
  // DAG-PB libraries drop it when they decode: the name would come back another one.
  if (name.startsWith('\u{FEFF}')) return 'begins with an invisible byte order mark'
  // UTF-8 takes 1 to 3 bytes for a UTF-16 unit: most names need no encoding to be judged.
  if (name.length * 3 > MAX_NAME_BYTES && encoder.encode(name).byteLength > MAX_NAME_BYTES)
    return `is longer than ${MAX_NAME_BYTES} bytes`
  return null
}

/** Orders names by their UTF-8 bytes, as DAG-PB does. UTF-16 units order alike, except surrogates against U+E000 to U+FFFF. */
export function compareNames(one: string, other: string): number {
  const length = Math.min(one.length, other.length)
  for (let at = 0; at < length; at++) {
    const a = one.charCodeAt(at)
    const b = other.charCodeAt(at)
    if (a !== b) return utf8Rank(a) - utf8Rank(b)
  }
  return one.length - other.length
}

/** Surrogates stand for code points above all other units. */
function utf8Rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit
}

/** A stranger's name as it can stand in a sentence: quoted, escaped, cut. */
export function printable(name: string): string {
  const cut = name.length > 100 ? `${name.slice(0, 100)}…` : name
  return JSON.stringify(cut).replaceAll(/[\u{7F}-\u{9F}\u{200E}\u{200F}\u{2028}-\u{202E}\u{2066}-\u{2069}]/gu, '�')
}

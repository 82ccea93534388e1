/** OLPC canonical JSON, the form in which TUF metadata is signed (TUF 4.2). */
import { MAX_JSON_DEPTH } from './limits.ts'
import { Refusal } from './refusal.ts'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
// With the u flag this class matches only halves that stand alone.
const LONE_SURROGATE = /\p{Surrogate}/u
const NEEDS_ESCAPE = /["\\]/g

/**
 * @param value what JSON.parse gives, or the same built by hand
 * @returns the canonical UTF-8 bytes: keys sorted by code point, no blanks, only `"` and `\` escaped
 * @throws Refusal 'bad-format' for fractions, integers beyond 2^53, unpaired surrogates, and nesting beyond MAX_JSON_DEPTH
 */
export function canonicalBytes(value: Json): Uint8Array {
  return utf8.encode(canonicalText(value, 0))
}

/**
 * @param bytes UTF-8 JSON as somebody sent it
 * @throws Refusal 'bad-format' when it is not valid UTF-8 or JSON
 */
export function parseJson(bytes: Uint8Array): Json {
  try {
    return JSON.parse(strictUtf8.decode(bytes)) as Json
  } catch (error) {
    throw new Refusal('bad-format', `not JSON: ${error instanceof Error ? error.message.slice(0, 100) : 'unreadable'}`)
  }
}

function canonicalText(value: Json, depth: number): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number') {
    // The canonical form has no fractions, and beyond 2^53 two numbers would look alike to us.
    if (!Number.isSafeInteger(value)) throw new Refusal('bad-format', 'a number is not a safe integer')
    return value === 0 ? '0' : String(value)
  }
  if (value === null || typeof value === 'boolean') return String(value)
  if (depth >= MAX_JSON_DEPTH) throw new Refusal('bad-format', `nested deeper than ${MAX_JSON_DEPTH}`)
  if (Array.isArray(value)) return `[${value.map((item) => canonicalText(item, depth + 1)).join(',')}]`
  const members = Object.keys(value)
    .toSorted(byCodePoint)
    .map((key) => `${quoted(key)}:${canonicalText(value[key] as Json, depth + 1)}`)
  return `{${members.join(',')}}`
}

function quoted(text: string): string {
  // An unpaired half would be signed as U+FFFD, the same bytes as another text.
  if (LONE_SURROGATE.test(text)) throw new Refusal('bad-format', 'a text holds half a surrogate pair')
  return `"${text.replace(NEEDS_ESCAPE, '\\$&')}"`
}

/** Python and Go sort by code point, JavaScript by UTF-16 unit: they differ once surrogates meet U+E000..U+FFFF. */
function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

/** Readers for untrusted JSON: each returns the value in its checked type or throws a Refusal 'bad-format' that names the field. */
import type { Json } from './canonical-json.ts'
import { Refusal } from './refusal.ts'

export type JsonObject = { [key: string]: Json }

// Line and paragraph separators and bidirectional overrides count too: both let a text look like another one on a screen.
const NOT_FOR_SCREENS = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069\p{Surrogate}]/u
const RFC3339_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
const HEX = /^(?:[0-9a-f]{2})*$/

export function objectAt(value: Json | undefined, field: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(field, 'an object')
  return value
}

export function arrayAt(value: Json | undefined, field: string): Json[] {
  if (!Array.isArray(value)) throw malformed(field, 'an array')
  return value
}

export function stringAt(value: Json | undefined, field: string): string {
  if (typeof value !== 'string') throw malformed(field, 'a string')
  return value
}

/** @param least smallest value allowed; the largest is 2^53 - 1 */
export function integerAt(value: Json | undefined, field: string, least: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) {
    throw malformed(field, `an integer of at least ${least}`)
  }
  return value
}

/** @returns a date `YYYY-MM-DDTHH:MM:SSZ` that exists (TUF 4.2, RFC 3339), as it stands */
export function dateAt(value: Json | undefined, field: string): string {
  const text = stringAt(value, field)
  if (!isRealDate(text)) throw malformed(field, 'a date like 2030-01-31T00:00:00Z')
  return text
}

/** @returns lower-case hex of an even number of characters */
export function hexAt(value: Json | undefined, field: string): string {
  const text = stringAt(value, field)
  if (!HEX.test(text)) throw malformed(field, 'lower-case hex')
  return text
}

/** @returns the member of that very name: `__proto__` and the like are ordinary names here */
export function member(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** Whether a text can be shown to people as it is: no control characters, no tricks with direction. */
export function isPlainText(text: string): boolean {
  return !NOT_FOR_SCREENS.test(text)
}

/** @returns the date in TUF's form, whole seconds */
export function formatDate(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}

/** Whether a text is `YYYY-MM-DDTHH:MM:SSZ` and such a moment exists. */
export function isRealDate(text: string): boolean {
  if (!RFC3339_SECONDS.test(text)) return false
  const time = Date.parse(text)
  // 30 February parses in some engines, as 1 March.
  return !Number.isNaN(time) && formatDate(new Date(time)) === text
}

function malformed(field: string, expected: string): Refusal {
  return new Refusal('bad-format', `${field} is not ${expected}`)
}

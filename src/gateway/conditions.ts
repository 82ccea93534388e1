/** Conditional requests: RFC 9110, 13 and 14, as far as content that never changes needs them. */

/**
 * @param header `If-None-Match`, or null
 * @param etag of what would be sent, with its quotes
 * @returns whether the client has it: the weak comparison that 13.1.2 asks for, `*` included
 */
export function matchesEtag(header: string | null, etag: string): boolean {
  if (header === null) return false
  if (header.trim() === '*') return true
  const opaque = withoutWeakness(etag)
  return header.split(',').some((candidate) => withoutWeakness(candidate.trim()) === opaque)
}

/** A part of a body: `last` is inclusive, as in HTTP. */
export interface ByteSpan {
  first: number
  last: number
}

/**
 * A `Range` request for one range (RFC 9110, 14.2).
 *
 * @param size bytes of the whole
 * @param ifRange `If-Range`: another validator than `etag` means that the whole is wanted
 * @returns the range cut to the size; 'unsatisfiable' (416); or null for the whole: no header, several ranges, or none that
 *   we understand, which 14.2 lets a server ignore
 */
export function rangeOf(
  header: string | null,
  ifRange: string | null,
  etag: string,
  size: number,
): ByteSpan | 'unsatisfiable' | null {
  if (header === null || (ifRange !== null && ifRange.trim() !== etag)) return null
  const match = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(header)
  if (match === null) return null
  const [, from = '', to = ''] = match
  if (from === '') return to === '' ? null : suffix(Number(to), size)
  const first = Number(from)
  const last = to === '' ? size - 1 : Number(to)
  if (to !== '' && last < first) return null
  return first < size ? { first, last: Math.min(last, size - 1) } : 'unsatisfiable'
}

function suffix(length: number, size: number): ByteSpan | 'unsatisfiable' {
  if (length === 0 || size === 0) return 'unsatisfiable'
  return { first: Math.max(0, size - length), last: size - 1 }
}

function withoutWeakness(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag
}

/** `entity-bytes=from:to`: which bytes of a file a CAR must be able to prove (trustless-gateway, IPIP-402). */

/** As asked: negative numbers count from the end of the file, `to` is inclusive, null is `*`, the end. */
export interface EntityBytes {
  from: number
  to: number | null
}

/** In a file of known size: from the first byte to the first that is not wanted any more. */
export interface FileRange {
  from: number
  to: number
}

/** @returns null when it is no range, or one whose end lies before its start in any file */
export function parseEntityBytes(text: string): EntityBytes | null {
  const match = /^(-?\d{1,15}):(-?\d{1,15}|\*)$/.exec(text)
  if (match === null) return null
  const from = Number(match[1])
  const to = match[2] === '*' ? null : Number(match[2])
  // Both counted from the same side; `-0` is the byte 0.
  if (to !== null && from < 0 === to < 0 && to < from) return null
  return { from, to }
}

/**
 * @param size bytes of the file
 * @returns the part of the range inside the file; 'outside' when it lies wholly behind or before; 'empty' when it turns out
 *   to hold nothing, which asks for the root block alone
 */
export function rangeWithin({ from, to }: EntityBytes, size: number): FileRange | 'outside' | 'empty' {
  const first = from < 0 ? size + from : from
  const last = to === null ? size - 1 : to < 0 ? size + to : to
  if (size === 0 && first === 0) return 'empty'
  if (first >= size || last < 0) return 'outside'
  if (last < first) return 'empty'
  return { from: Math.max(0, first), to: Math.min(last, size - 1) + 1 }
}

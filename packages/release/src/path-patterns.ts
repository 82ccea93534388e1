/** Shell patterns of target paths (TUF 4.5, "PATHPATTERN"; POSIX 2.13): `*`, `?`, `[ab]`, `[a-z]`, `[!a]`. */

/** Takes any run of characters, or exactly one of those that it says yes to. */
type Token = '*' | ((char: string) => boolean)

/**
 * @returns whether a pattern covers a path: segment by segment, so that nothing in it ever matches a slash
 *
 * Time grows with pattern times path and no faster, whatever the pattern: it comes from strangers. No escapes, no
 * braces, no `**`, and a leading dot is a character like any other: as Python's fnmatch has it, and the oldest TUF client.
 */
export function matchesPattern(pattern: string, path: string): boolean {
  const patterns = pattern.split('/')
  const segments = path.split('/')
  return patterns.length === segments.length && patterns.every((one, i) => matchesSegment(one, segments[i] ?? ''))
}

function matchesSegment(pattern: string, segment: string): boolean {
  const tokens = tokensOf(Array.from(pattern))
  const chars = Array.from(segment)
  let at = 0
  let star = -1
  let resume = 0
  for (let i = 0; i < chars.length;) {
    const token = tokens[at]
    if (token === '*') {
      star = at++
      resume = i
    } else if (token?.(chars[i] ?? '') === true) {
      at++
      i++
    } else if (star >= 0) {
      // The last star takes one character more.
      at = star + 1
      i = ++resume
    } else return false
  }
  while (tokens[at] === '*') at++
  return at === tokens.length
}

function tokensOf(chars: readonly string[]): Token[] {
  const tokens: Token[] = []
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i]
    const end = char === '[' ? endOfSet(chars, i) : -1
    if (char === '*') tokens.push('*')
    else if (char === '?') tokens.push(() => true)
    else if (end > 0) {
      tokens.push(setOf(chars.slice(i + 1, end)))
      i = end
    } else tokens.push((other) => other === char)
  }
  return tokens
}

/** A bracket that comes first in a set belongs to it; a set without an end is none. */
function endOfSet(chars: readonly string[], start: number): number {
  const first = chars[start + 1] === '!' ? start + 2 : start + 1
  return chars.indexOf(']', first + 1)
}

function setOf(body: readonly string[]): Token {
  const inverted = body[0] === '!'
  const chars = inverted ? body.slice(1) : body
  const ranges: { from: number; to: number }[] = []
  for (let i = 0; i < chars.length; i++) {
    const isRange = chars[i + 1] === '-' && i + 2 < chars.length
    ranges.push({ from: codeOf(chars[i]), to: codeOf(isRange ? chars[i + 2] : chars[i]) })
    if (isRange) i += 2
  }
  return (char) => ranges.some(({ from, to }) => from <= codeOf(char) && codeOf(char) <= to) !== inverted
}

function codeOf(char: string | undefined): number {
  return char?.codePointAt(0) ?? 0
}

/** Links that people hand on: `holdfast:<address>[/path]?via=<hint>&name=<text>` (interface.md, "Link"). */
import { parseAddress, type Address } from './address.ts'
import { ReleaseError } from './errors.ts'
import { MAX_LINK_CHARS, MAX_LINK_HINTS } from './limits.ts'
import { isArchiveName } from './archive-root.ts'

export interface Link {
  address: Address
  /** Inside the archive, decoded, segments parted by `/`, none at either end; empty for all of it. */
  path: string
  /** Where to look, as written: multiaddrs or URL prefixes. Whoever dials checks them. */
  hints: string[]
  /** What the link's giver calls the archive: a stranger's claim. */
  name?: string
}

type ParsedLink = { ok: true; link: Link } | { ok: false; reason: string }

const SCHEME = 'holdfast:'
// What an RFC 3986 query takes unescaped and keeps hints readable.
const READABLE = /%(?:2F|3A|40)/g
const UNFIT = /[\p{Cc}\p{Surrogate}]/u

/** @returns the link, or a sentence saying what is wrong with it. Unknown query fields and a fragment are passed over. */
export function parseLink(text: string): ParsedLink {
  if (text.length > MAX_LINK_CHARS) return refused(`A link has at most ${MAX_LINK_CHARS} characters.`)
  if (text.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return refused(`A link begins with ${SCHEME}`)
  const [beforeFragment = ''] = text.slice(SCHEME.length).split('#', 1)
  const queryAt = beforeFragment.indexOf('?')
  const target = queryAt < 0 ? beforeFragment : beforeFragment.slice(0, queryAt)
  const query = queryAt < 0 ? '' : beforeFragment.slice(queryAt + 1)
  const [addressText = '', ...segments] = target.split('/')
  const address = parseAddress(addressText)
  if (address === null) return refused('The address in the link is not one: perhaps the link was cut off or mistyped.')
  const path = parsePath(segments)
  if (path === null) return refused('The path in the link is not one.')
  const fields = parseQuery(query)
  if (fields === null) return refused('The part of the link after ? cannot be read.')
  const hints = [...new Set(fields.filter(([key, value]) => key === 'via' && value !== '').map(([, value]) => value))]
  if (hints.length > MAX_LINK_HINTS) return refused(`A link has at most ${MAX_LINK_HINTS} hints.`)
  const name = fields.find(([key]) => key === 'name')?.[1]
  // A name that cannot be shown is no reason to lose the archive.
  return { ok: true, link: { address, path, hints, ...(name !== undefined && isArchiveName(name) ? { name } : {}) } }
}

/**
 * @returns the text that parseLink turns into the same link
 * @throws ReleaseError 'bad-argument' for a link that cannot be written, 'too-large' beyond MAX_LINK_CHARS
 */
export function formatLink(link: Link): string {
  const path = link.path === '' ? '' : `/${link.path.split('/').map(encode).join('/')}`
  const fields = link.hints.map((hint) => `via=${encode(hint)}`)
  if (link.name !== undefined) fields.push(`name=${encode(link.name)}`)
  const text = `${SCHEME}${link.address}${path}${fields.length > 0 ? `?${fields.join('&')}` : ''}`
  if (text.length > MAX_LINK_CHARS) throw new ReleaseError('too-large', `the link has ${text.length} characters`)
  const back = parseLink(text)
  if (!back.ok) throw new ReleaseError('bad-argument', back.reason)
  if (!isSameLink(back.link, link))
    throw new ReleaseError('bad-argument', 'the link holds something that cannot be written')
  return text
}

function parsePath(segments: string[]): string | null {
  // One slash at the end is a habit of people and browsers.
  const written = segments.at(-1) === '' ? segments.slice(0, -1) : segments
  const names = written.map(decode)
  // Names that would lead elsewhere on a disk or in a URL are nobody's path (a link comes from strangers).
  const usable = names.every(
    (name) => name !== null && name !== '' && name !== '.' && name !== '..' && !name.includes('/'),
  )
  return usable ? names.join('/') : null
}

function parseQuery(query: string): [string, string][] | null {
  const fields: [string, string][] = []
  for (const field of query === '' ? [] : query.split('&')) {
    const at = field.indexOf('=')
    const key = decode(at < 0 ? field : field.slice(0, at))
    const value = decode(at < 0 ? '' : field.slice(at + 1))
    if (key === null || value === null) return null
    fields.push([key, value])
  }
  return fields
}

function decode(text: string): string | null {
  try {
    const decoded = decodeURIComponent(text)
    return UNFIT.test(decoded) ? null : decoded
  } catch {
    // Half an escape, or one that is no UTF-8.
    return null
  }
}

function encode(text: string): string {
  try {
    return encodeURIComponent(text).replace(READABLE, (escape) => decodeURIComponent(escape))
  } catch (cause) {
    throw new ReleaseError('bad-argument', 'the link holds text that cannot be written', { cause })
  }
}

function isSameLink(a: Link, b: Link): boolean {
  return (
    a.address === b.address &&
    a.path === b.path &&
    a.name === b.name &&
    a.hints.length === b.hints.length &&
    a.hints.every((hint, i) => hint === b.hints[i])
  )
}

function refused(reason: string): ParsedLink {
  return { ok: false, reason }
}

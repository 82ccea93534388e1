/** `/ipfs/{cid}[/{path}]`: taken apart from the URL as it came, since routers and URL parsers decode and tidy. */
import { CID } from 'multiformats/cid'
import { base16, base16upper } from 'multiformats/bases/base16'
import { base32, base32upper } from 'multiformats/bases/base32'
import { base36, base36upper } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { base64url } from 'multiformats/bases/base64'
import { MAX_IDENTITY_BYTES, MAX_PATH_SEGMENTS, MAX_TARGET_CHARS } from './limits.ts'

/** Which content a request names. */
export interface ContentPath {
  root: CID
  /** Decoded names below the root. */
  segments: string[]
  query: URLSearchParams
}

export interface BadPath {
  status: 400 | 404 | 414
  reason: string
}

const IDENTITY = 0x00

/** Every base that a CID is seen in: names of hosts demand base36 or upper case, programs write base64url. */
const ANY_BASE = base32.decoder
  .or(base58btc.decoder)
  .or(base36.decoder)
  .or(base16.decoder)
  .or(base64url.decoder)
  .or(base32upper.decoder)
  .or(base36upper.decoder)
  .or(base16upper.decoder)

/**
 * @param url of the request
 * @param prefix path under which the gateway stands, empty or `/a/b`
 * @returns the content path; or status and reason of the refusal
 */
export function parseContentPath(url: string, prefix: string): ContentPath | BadPath {
  const { path, query } = splitTarget(url)
  if (path.length + query.length > MAX_TARGET_CHARS) return { status: 414, reason: 'the address is too long' }
  const start = `${prefix}/ipfs/`
  // Nothing behind it, or letters spelled as %69: no path of ours.
  if (!path.startsWith(start) || path.length === start.length) return { status: 404, reason: 'Not found' }
  const [first = '', ...names] = path.slice(start.length).split('/')
  const root = parseCid(first)
  if (root === null) return { status: 400, reason: 'invalid CID' }
  const segments = decodeNames(names.join('/'))
  if (segments === null) return { status: 400, reason: 'invalid percent-encoding in the path' }
  if (segments.length > MAX_PATH_SEGMENTS) return { status: 400, reason: 'the path is nested too deep' }
  return { root, segments, query: new URLSearchParams(query) }
}

/** @returns whether the CID holds its bytes itself */
export function isIdentity(cid: CID): boolean {
  return cid.multihash.code === IDENTITY
}

/** For `X-Ipfs-Path`: header values hold no other letters than ASCII. */
export function formatContentPath({ root, segments }: ContentPath): string {
  return ['/ipfs', root.toString(), ...segments.map(encodeURIComponent)].join('/')
}

function parseCid(text: string): CID | null {
  try {
    const cid = CID.parse(text, ANY_BASE)
    return isIdentity(cid) && cid.multihash.size > MAX_IDENTITY_BYTES ? null : cid
  } catch {
    // The parser throws for whatever is no CID; that is the answer, not a failure.
    return null
  }
}

/** The parts of an absolute URL, undecoded. */
function splitTarget(url: string): { path: string; query: string } {
  const [target = ''] = url.slice(url.indexOf('/', url.indexOf('://') + 3)).split('#', 1)
  const mark = target.indexOf('?')
  return mark === -1 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

/** A slash spelled as %2F is one too: whole paths are often encoded as one. Slashes at the ends or doubled do not count. */
function decodeNames(path: string): string[] | null {
  try {
    return decodeURIComponent(path)
      .split('/')
      .filter((name) => name !== '')
  } catch {
    // URIError: no UTF-8 behind the percent signs. The caller answers 400.
    return null
  }
}

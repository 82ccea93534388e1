/** Headers of what stands under its own hash: path-gateway "Response Headers", trustless-gateway "Response Headers". */
import type { CID } from 'multiformats/cid'
import type { Fields } from './answers.ts'
import { formatContentPath, type ContentPath } from './content-path.ts'
import { IMMUTABLE_SECONDS, MAX_ECHOED_CHARS, MAX_ROOTS_IN_HEADER } from './limits.ts'

/** Content proves itself, so any page may read it; this holds for refusals as well, else a page could not tell why. */
export const CORS_HEADERS: Fields = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, OPTIONS',
  'access-control-allow-headers': 'Content-Type, If-None-Match, Range, User-Agent, X-Requested-With',
  'access-control-expose-headers':
    'Content-Length, Content-Range, ETag, X-Chunked-Output, X-Ipfs-Path, X-Ipfs-Roots, X-Stream-Output',
}

/** Bytes of ASCII that a file name in quotes may hold. */
const NOT_PLAIN = /[^\u0020-\u007E]|["\\]/g

/**
 * @param roots one CID for each segment of the path, the root first
 * @param negotiated the query that asks for the same by itself, when the `Accept` header had a say
 */
export function contentHeaders(path: ContentPath, roots: CID[], etag: string, negotiated: string | null): Fields {
  const known: Fields = roots.length <= MAX_ROOTS_IN_HEADER ? { 'x-ipfs-roots': roots.join(',') } : {}
  // Relative, so that it also holds behind a web server that puts us under a path of its own.
  const chosen: Fields = negotiated === null ? {} : { 'content-location': `?${negotiated}`, vary: 'Accept' }
  return {
    ...CORS_HEADERS,
    ...known,
    ...chosen,
    etag,
    'cache-control': `public, max-age=${IMMUTABLE_SECONDS}, immutable`,
    'x-content-type-options': 'nosniff',
    'x-ipfs-path': formatContentPath(path),
  }
}

/**
 * Always `attachment`: what is served is never shown as a page of this host.
 *
 * @param wanted the `filename` parameter, or null
 * @param usual what it is called otherwise; plain ASCII
 */
export function contentDisposition(wanted: string | null, usual: string): string {
  const name = (wanted ?? '').slice(0, MAX_ECHOED_CHARS).toWellFormed()
  if (name === '') return `attachment; filename="${usual}"`
  const plain = name.replace(NOT_PLAIN, '_')
  return plain === name
    ? `attachment; filename="${plain}"`
    : `attachment; filename="${plain}"; filename*=UTF-8''${encodeExtended(name)}`
}

/** RFC 8187, 3.2.1: what encodeURIComponent leaves and an extended value must not hold. */
function encodeExtended(text: string): string {
  return encodeURIComponent(text).replace(/['()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
}

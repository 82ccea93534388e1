/** The small answers: text, JSON and bytes, with headers that name neither the program nor the machine. */
import { hash } from 'node:crypto'
import { MAX_ECHOED_CHARS } from './limits.ts'
import { matchesEtag } from './conditions.ts'

export type Fields = Record<string, string>

/** A sentence as plain text; nothing of it is ever taken for a page. */
export function text(status: number, sentence: string, fields: Fields = {}): Response {
  return whole(status, `${sentence}\n`, 'text/plain; charset=utf-8', fields)
}

/** What every unknown path gets. */
export function notFound(): Response {
  return text(404, 'Not found')
}

/** @param allowed methods, for the `Allow` header (RFC 9110, 15.5.6) */
export function methodNotAllowed(allowed: string): Response {
  return text(405, 'Method not allowed', { allow: allowed })
}

/** @param value written as JSON; never cached without asking again */
export function json(status: number, value: object, fields: Fields = {}): Response {
  return whole(status, JSON.stringify(value), 'application/json', { 'cache-control': 'no-cache', ...fields })
}

/** A refusal that programs read: `{ reason }`, and the code where there is one. */
export function refusal(status: number, reason: string, code?: string): Response {
  return json(status, { ...(code !== undefined && { code: printable(code) }), reason: printable(reason) })
}

/** Bytes that are revalidated by their hash: 304 when the client has them. */
export function revalidated(request: Request, bytes: Uint8Array<ArrayBuffer>, contentType: string): Response {
  const etag = etagOf(bytes)
  const headers = { etag, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' }
  if (matchesEtag(request.headers.get('if-none-match'), etag)) return new Response(null, { status: 304, headers })
  return new Response(bytes, {
    headers: { ...headers, 'content-type': contentType, 'content-length': String(bytes.length) },
  })
}

const knownEtags = new WeakMap<Uint8Array, string>()

/** A strong validator: the hash of the bytes, computed once for each array. */
export function etagOf(bytes: Uint8Array): string {
  let etag = knownEtags.get(bytes)
  if (etag === undefined) {
    etag = `"${hash('sha256', bytes, 'hex')}"`
    knownEtags.set(bytes, etag)
  }
  return etag
}

/** One printable line of bounded length: reasons may repeat what a stranger sent. */
export function printable(words: string): string {
  return words.slice(0, MAX_ECHOED_CHARS).replace(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, ' ')
}

function whole(status: number, body: string, contentType: string, fields: Fields): Response {
  const bytes = new TextEncoder().encode(body)
  const headers = {
    'content-type': contentType,
    'content-length': String(bytes.length),
    'x-content-type-options': 'nosniff',
  }
  return new Response(bytes, { status, headers: { ...headers, ...fields } })
}

/** `format=raw`: one block, with ranges (trustless-gateway, "Block Responses"). */
import { text, type Fields } from './answers.ts'
import { matchesEtag, rangeOf } from './conditions.ts'
import { contentDisposition, contentHeaders, CORS_HEADERS } from './content-headers.ts'
import type { ContentPath } from './content-path.ts'
import type { ServedBlocks } from './context.ts'
import { bytesResponse } from './known-bytes.ts'
import { RAW_TYPE } from './response-format.ts'

/** What a raw block is answered with, apart from its length. */
export function rawBlockHeaders(path: ContentPath, negotiated: string | null): Fields {
  const { root, query } = path
  return {
    ...contentHeaders(path, [root], `"${root.toString()}.raw"`, negotiated),
    'accept-ranges': 'bytes',
    'content-disposition': contentDisposition(query.get('filename'), `${root.toString()}.bin`),
    'content-type': RAW_TYPE,
  }
}

/**
 * @param path its root is held
 * @param negotiated as in ResponseFormat
 */
export async function answerRawBlock(
  request: Request,
  path: ContentPath,
  negotiated: string | null,
  blocks: ServedBlocks,
): Promise<Response> {
  const { root, segments } = path
  if (segments.length > 0) return text(400, 'a raw block has no path below it; ask for format=car', CORS_HEADERS)
  const headers = rawBlockHeaders(path, negotiated)
  const { etag = '' } = headers
  if (matchesEtag(request.headers.get('if-none-match'), etag)) return new Response(null, { status: 304, headers })

  const size = blocks.sizeOf(root)
  if (size === null) return text(404, 'not held here', CORS_HEADERS)
  // RFC 9110, 14.2: a range means nothing to HEAD.
  if (request.method === 'HEAD') return new Response(null, { headers: { ...headers, 'content-length': String(size) } })
  const range = rangeOf(request.headers.get('range'), request.headers.get('if-range'), etag, size)
  if (range === 'unsatisfiable') {
    return text(416, 'the block has no such bytes', { ...CORS_HEADERS, 'content-range': `bytes */${size}` })
  }

  const bytes = await blocks.get(root)
  if (bytes === null) return text(404, 'not held here', CORS_HEADERS)
  if (range === null) return bytesResponse(200, bytes, headers)
  const { first, last } = range
  const part = bytes.subarray(first, last + 1)
  return bytesResponse(206, part, { ...headers, 'content-range': `bytes ${first}-${last}/${bytes.length}` })
}

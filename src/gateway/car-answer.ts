/** `format=car`: the blocks that prove a path and what stands at its end (trustless-gateway, "CAR Responses"). */
import { hash } from 'node:crypto'
import { writeCar } from '@holdfast/dag'
import { text, type Fields } from './answers.ts'
import { isWalkable } from './block-links.ts'
import { byteStream } from './byte-stream.ts'
import { carBlocks, type CarSelection } from './car-blocks.ts'
import { matchesEtag } from './conditions.ts'
import { contentDisposition, contentHeaders, CORS_HEADERS } from './content-headers.ts'
import { formatContentPath, type ContentPath } from './content-path.ts'
import type { ServedBlocks } from './context.ts'
import { rangeWithin } from './entity-bytes.ts'
import { resolveContent, type FoundContent } from './resolve-content.ts'
import { CAR_TYPE, type CarFormat } from './response-format.ts'

/**
 * The CAR's root is the CID at the end of the path, so that what comes without a path above it can be imported as it is.
 *
 * @param path its root is held
 * @param report told what cut an answer off
 */
export async function answerCar(
  request: Request,
  path: ContentPath,
  format: CarFormat & { negotiated: string | null },
  { blocks, report }: { blocks: ServedBlocks; report: (cause: unknown) => void },
): Promise<Response> {
  const content = await resolveContent(path.root, path.segments, blocks)
  if ('status' in content) return text(content.status, content.reason, CORS_HEADERS)
  const selection = select(content, format)
  if (selection === null) return text(400, 'the file has no such bytes', CORS_HEADERS)
  if (selection.scope === 'all' && !isWalkable(content.cid))
    return text(400, 'dag-scope=all needs another codec', CORS_HEADERS)

  const etag = carEtag(path, format)
  const headers: Fields = {
    ...contentHeaders(path, content.roots, etag, format.negotiated),
    'accept-ranges': 'none',
    'content-disposition': contentDisposition(path.query.get('filename'), `${path.root.toString()}.car`),
    'content-type': `${CAR_TYPE}; version=1; order=dfs; dups=${format.dups ? 'y' : 'n'}`,
  }
  if (matchesEtag(request.headers.get('if-none-match'), etag)) return new Response(null, { status: 304, headers })
  if (request.method === 'HEAD') return new Response(null, { headers })
  const car = writeCar([content.cid], carBlocks(content, selection, blocks))
  return new Response(byteStream(car, { signal: request.signal, report }), { headers })
}

/** @returns null when the bytes asked for lie wholly outside the file */
function select(content: FoundContent, { scope, bytes, dups }: CarFormat): CarSelection | null {
  // Of what is no file, the whole entity (trustless-gateway, "entity-bytes").
  if (bytes === null || content.type !== 'file') return { scope, range: null, dups }
  const range = rangeWithin(bytes, content.size)
  if (range === 'outside') return null
  return range === 'empty' ? { scope: 'block', range: null, dups } : { scope, range, dups }
}

/** Weak: the same blocks, but a later version of us may order them otherwise. One for each way to ask. */
function carEtag(path: ContentPath, { scope, bytes, dups }: CarFormat): string {
  const asked = [formatContentPath(path), scope, bytes?.from, bytes?.to, dups].join('\n')
  return `W/"${path.root.toString()}.car.${scope}.${hash('sha256', asked, 'hex').slice(0, 16)}"`
}

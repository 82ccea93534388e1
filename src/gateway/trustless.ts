/** `/ipfs`: held content that proves itself, and nothing else (specs.ipfs.tech: trustless-gateway, path-gateway). */
import type { Context, Hono } from 'hono'
import { methodNotAllowed, notFound, text } from './answers.ts'
import { withIdentity } from './block-readers.ts'
import { answerCar } from './car-answer.ts'
import { CORS_HEADERS } from './content-headers.ts'
import { parseContentPath } from './content-path.ts'
import type { GatewayEnv, ServedBlocks } from './context.ts'
import { answerRawBlock } from './raw-block.ts'
import { chooseFormat } from './response-format.ts'

interface TrustlessSettings {
  /** Path under which the gateway stands, empty or `/a/b`. */
  prefix: string
  report: (cause: unknown) => void
}

/** Puts the routes into the gateway. */
export function routeTrustless(gateway: Hono<GatewayEnv>, held: ServedBlocks, settings: TrustlessSettings): void {
  const blocks = withIdentity(held)
  gateway.get('/ipfs/*', (c) => answer(c, blocks, settings))
  gateway.options('/ipfs/*', () => new Response(null, { status: 204, headers: CORS_HEADERS }))
  gateway.all('/ipfs/*', () => methodNotAllowed('GET, HEAD, OPTIONS'))
}

async function answer(
  c: Context<GatewayEnv>,
  blocks: ServedBlocks,
  { prefix, report }: TrustlessSettings,
): Promise<Response> {
  const { raw: request } = c.req
  const path = parseContentPath(request.url, prefix)
  if ('status' in path) return path.status === 404 ? notFound() : text(path.status, path.reason, CORS_HEADERS)
  // path-gateway, "Service-Worker": a script of one archive must not take over the host. None is ever served.
  if (request.headers.has('service-worker')) return text(400, 'no service workers here', CORS_HEADERS)
  const format = chooseFormat(path.query, request.headers.get('accept'))
  if ('status' in format) return text(format.status, format.reason, CORS_HEADERS)
  if (!(await blocks.has(path.root))) {
    return isOnlyIfCached(request) ? text(412, 'not held here', CORS_HEADERS) : text(404, 'not held here', CORS_HEADERS)
  }
  return format.format === 'raw'
    ? await answerRawBlock(request, path, format.negotiated, blocks)
    : await answerCar(request, path, format, { blocks, report })
}

/** trustless-gateway, "Cache-Control: only-if-cached": 412 instead of 404. */
function isOnlyIfCached(request: Request): boolean {
  return /(?:^|,)\s*only-if-cached\s*(?:,|$)/i.test(request.headers.get('cache-control') ?? '')
}

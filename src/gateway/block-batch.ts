/** `POST /blocks`: many blocks in one round trip, which a mirror that knows its manifest asks for (docs/protocol.md). */
import { writeCar, type Block } from '@holdfast/dag'
import { BATCH_BLOCKS, CID_LIST_TYPE, parseCidList } from '@holdfast/network'
import type { Context, Hono } from 'hono'
import type { CID } from 'multiformats/cid'
import { methodNotAllowed, refusal } from './answers.ts'
import { byteStream } from './byte-stream.ts'
import { isIdentity } from './content-path.ts'
import type { GatewayEnv, ServedBlocks } from './context.ts'
import { MAX_BATCH_BODY_BYTES } from './limits.ts'
import { RequestBody } from './request-body.ts'
import { CAR_TYPE } from './response-format.ts'

/**
 * Puts the route into the gateway.
 *
 * @param report told what cut an answer off
 */
export function routeBlockBatch(
  gateway: Hono<GatewayEnv>,
  blocks: ServedBlocks,
  report: (cause: unknown) => void,
): void {
  gateway.post('/blocks', (c) => answer(c, blocks, report))
  gateway.all('/blocks', () => methodNotAllowed('POST'))
}

/** A CAR of those that are held, in the order asked for, each once; its header names no root. */
async function answer(
  c: Context<GatewayEnv>,
  blocks: ServedBlocks,
  report: (cause: unknown) => void,
): Promise<Response> {
  const { raw: request } = c.req
  if (request.headers.get('content-type') !== CID_LIST_TYPE) return refusal(415, 'ask with a list of CIDs')
  const body = new RequestBody(request, MAX_BATCH_BODY_BYTES)
  const bytes = await body.whole().catch(() => null)
  if (bytes === null) {
    const { status, reason } = body.failure?.answer ?? { status: 400, reason: 'the body could not be read' }
    return refusal(status, reason)
  }
  const cids = parseCidList(bytes, BATCH_BLOCKS)
  if (cids === null || cids.length === 0) return refusal(400, `not a list of 1 to ${BATCH_BLOCKS} CIDs`)
  const car = writeCar([], heldOf(cids, blocks))
  const headers = {
    'cache-control': 'no-store',
    'content-type': `${CAR_TYPE}; version=1; order=unk; dups=n`,
    'x-content-type-options': 'nosniff',
  }
  return new Response(byteStream(car, { signal: request.signal, report }), { headers })
}

async function* heldOf(cids: CID[], blocks: ServedBlocks): AsyncGenerator<Block> {
  const sent = new Set<string>()
  for (const cid of cids) {
    const name = cid.toString()
    if (isIdentity(cid) || sent.has(name)) continue
    sent.add(name)
    const bytes = await blocks.get(cid)
    if (bytes !== null) yield { cid, bytes }
  }
}

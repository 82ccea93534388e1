/** The gateway on node:http servers: a port of this machine, or the streams of libp2p peers. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { getRequestListener, RequestError, type HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Gateway } from './gateway.ts'
import type { FastAnswer, fastRawBlock } from './fast-raw-block.ts'
import { knownBytes } from './known-bytes.ts'
import { ANSWER_STALL_MS } from './limits.ts'

/**
 * Give it to `createServer(GATEWAY_SERVER_OPTIONS, listener)`. A socket with a `remotePeer` (packages/network) makes its peer
 * id known to the gateway. The answers are written here and not by the adapter, which would show error messages to clients
 * and print them on stdout.
 */
export function gatewayListener(gateway: Gateway, fast: ReturnType<typeof fastRawBlock> = () => null): RequestListener {
  const serve = async (request: Request, bindings: unknown): Promise<Response> => {
    const { incoming, outgoing } = bindings as HttpBindings
    const response = await gateway.fetch(request, { peer: peerOf(incoming) })
    await send(response, outgoing)
    return RESPONSE_ALREADY_SENT
  }
  // A request without a host, as HTTP/1.0 allows, is no reason to refuse; one that is no request at all gets an empty 400.
  const listener = getRequestListener(serve, {
    hostname: 'localhost',
    overrideGlobalObjects: false,
    errorHandler: (error) => new Response(null, { status: error instanceof RequestError ? 400 : 500 }),
  })
  return (incoming, outgoing) => {
    const answer = fast(incoming)
    if (answer === null) void listener(incoming, outgoing)
    else
      answer.then(
        async (found) => await (found === null ? listener(incoming, outgoing) : sendBytes(found, outgoing)),
        // What the store cannot give the ordinary way reports.
        async () => await listener(incoming, outgoing),
      )
  }
}

function peerOf(incoming: IncomingMessage): string | null {
  const { remotePeer } = incoming.socket as { remotePeer?: unknown }
  return typeof remotePeer === 'string' ? remotePeer : null
}

/** Writes an answer as fast as the client takes it; one that cannot be completed is cut off so that the client notices. */
async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  const bytes = knownBytes(response)
  if (bytes !== null && outgoing.req.method !== 'HEAD') {
    outgoing.end(bytes)
    await taken(outgoing)
    return
  }
  const reader = response.body?.getReader()
  if (reader === undefined || outgoing.req.method === 'HEAD') {
    outgoing.end()
    return
  }
  const stop = (): void => void reader.cancel().catch(() => {})
  outgoing.once('close', stop)
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (!outgoing.write(next.value) && !(await drained(outgoing))) {
        stop()
        return
      }
    }
    outgoing.end()
  } catch {
    // The gateway has reported why; the client only needs to know that this was not the end.
    cutOff(outgoing, response.headers.has('content-length'))
  } finally {
    outgoing.off('close', stop)
  }
}

/** Written at once; what the client does not take waits in the socket: a block at most. */
async function sendBytes({ bytes, headers }: FastAnswer, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(200, headers)
  outgoing.end(bytes)
  await taken(outgoing)
}

/** Waits for a client that takes its time with the rest, and cuts off one that takes nothing. */
async function taken(outgoing: ServerResponse): Promise<void> {
  if (outgoing.writableFinished || outgoing.writableLength === 0 || outgoing.destroyed) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(() => outgoing.destroy(), ANSWER_STALL_MS)
  outgoing.once('close', resolve)
  outgoing.once('finish', resolve)
  await promise
  clearTimeout(timer)
}

/** @returns false when the client went away or took nothing for ANSWER_STALL_MS, and was cut off */
async function drained(outgoing: ServerResponse): Promise<boolean> {
  if (outgoing.destroyed) return false
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const flows = (): void => resolve(true)
  const gone = (): void => resolve(false)
  const timer = setTimeout(() => {
    outgoing.destroy()
    gone()
  }, ANSWER_STALL_MS)
  outgoing.once('drain', flows)
  outgoing.once('close', gone)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    outgoing.off('drain', flows)
    outgoing.off('close', gone)
  }
}

/**
 * What was written still goes out. Where the end of the connection is the end of the body (HTTP/1.0, as web servers speak it to
 * those behind them), a plain end would pass for success: there, a reset.
 */
function cutOff(outgoing: ServerResponse, saysLength: boolean): void {
  const { socket } = outgoing
  if (outgoing.chunkedEncoding || saysLength) socket?.destroySoon()
  else if (socket !== null && 'resetAndDestroy' in socket) socket.resetAndDestroy()
  else outgoing.destroy()
}

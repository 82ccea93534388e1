import { request as httpRequest, type Agent, type ClientRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { NetworkError, reasonOf } from '../errors.ts'
import { STALL_MS } from '../limits.ts'
import type { CarrierRequest, CarrierResponse } from './carrier.ts'

/**
 * One HTTP/1.1 request through an agent, for both carriers.
 *
 * A stalled answer is given up after STALL_MS without a byte, so a peer cannot hold a fetch by silence.
 *
 * @throws NetworkError `unreachable`, `stalled` or `cancelled`
 */
export async function sendRequest(
  name: string,
  target: RequestOptions & { agent: Agent; secure: boolean },
  request: CarrierRequest,
): Promise<CarrierResponse> {
  request.signal?.throwIfAborted()
  const { secure, ...options } = target
  const outgoing: ClientRequest = (secure ? httpsRequest : httpRequest)({
    ...options,
    method: request.method ?? 'GET',
    headers: { ...options.headers, ...request.headers, ...bodyHeaders(request.body) },
  })
  return await new Promise((resolve, reject) => {
    let stall: NodeJS.Timeout | undefined
    let answered = false
    const watch = (): void => {
      clearTimeout(stall)
      stall = setTimeout(() => {
        outgoing.destroy(new NetworkError('stalled', `${name} sent nothing for ${STALL_MS / 1000} s`))
      }, STALL_MS)
    }
    const abort = (): void => {
      outgoing.destroy(new NetworkError('cancelled', `the request to ${name} was cancelled`, { cause: request.signal?.reason }))
    }
    const finish = (): void => {
      clearTimeout(stall)
      request.signal?.removeEventListener('abort', abort)
    }
    request.signal?.addEventListener('abort', abort, { once: true })
    watch()
    outgoing.on('response', (response) => {
      answered = true
      watch()
      response.on('data', watch).pause()
      response.on('close', finish)
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response })
    })
    outgoing.on('error', (cause) => {
      finish()
      if (answered) return
      reject(cause instanceof NetworkError ? cause : new NetworkError('unreachable', `${name}: ${reasonOf(cause)}`, { cause }))
    })
    outgoing.on('close', () => {
      if (!answered) {
        finish()
        reject(new NetworkError('unreachable', `${name} closed the connection without an answer`))
      }
    })
    if (request.body === undefined) outgoing.end()
    else if (request.body instanceof Uint8Array) outgoing.end(request.body)
    else {
      const source = Readable.from(request.body, { objectMode: false })
      source.on('data', watch)
      source.on('error', (error) => outgoing.destroy(error))
      source.pipe(outgoing)
    }
  })
}

function bodyHeaders(body: CarrierRequest['body']): Record<string, string> {
  return body instanceof Uint8Array ? { 'content-length': String(body.byteLength) } : {}
}

/**
 * Reads a whole body that must be small.
 *
 * @param most bytes; a longer body is cut off at once
 * @throws NetworkError `too-large`
 */
export async function readSmallBody(name: string, body: Readable, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength
    if (length > most) {
      body.destroy()
      throw new NetworkError('too-large', `${name} sent more than ${most} bytes where less was due`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

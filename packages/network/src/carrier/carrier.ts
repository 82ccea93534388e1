import type { IncomingHttpHeaders } from 'node:http'
import { NetworkError } from '../errors.ts'

/** What is asked of a mirror. */
export interface CarrierRequest {
  /** Path and query below the mirror's prefix, without a leading slash. */
  path: string
  method?: 'GET' | 'POST' | 'HEAD'
  headers?: Record<string, string>
  body?: Uint8Array | AsyncIterable<Uint8Array>
  signal?: AbortSignal
  /** Milliseconds of silence that are no failure; the default is STALL_MS, for a streamed body UPLOAD_STALL_MS. */
  patience?: number
}

/** A body as it arrives. It must be read to its end or destroyed. Reading ends with a NetworkError when the peer breaks off. */
export interface ResponseBody extends AsyncIterable<Uint8Array> {
  /** Reads no more; a stream or connection that still has data under way is closed. */
  destroy(): void
}

/** A mirror's answer. Redirects are not followed. */
export interface CarrierResponse {
  status: number
  headers: IncomingHttpHeaders
  body: ResponseBody
}

/**
 * A way to ask one mirror the requests of interface.md, "HTTP". Whoever implements it promises nothing about the answer's
 * truth: everything is verified by the caller.
 */
export interface Carrier {
  /** Peer id or URL: how the mirror is named in progress, logs and `sources`. */
  readonly name: string
  readonly kind: 'libp2p' | 'http'
  /**
   * @throws NetworkError `unreachable` when there is no connection or it breaks, `lied` for what is not HTTP, `stalled` on
   *   silence, `cancelled` on the signal; and what a streamed body throws
   */
  request(request: CarrierRequest): Promise<CarrierResponse>
  /** Drops idle streams or connections. The carrier can be used again. */
  close(): void
}

/**
 * Reads a whole body that must be small.
 *
 * @param most bytes; a longer body is cut off at once
 * @throws NetworkError `too-large`, or what ended the body
 */
export async function readSmallBody(name: string, body: ResponseBody, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.byteLength
    if (length > most) throw new NetworkError('too-large', `${name} sent more than ${most} bytes where less was due`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'

/** What is asked of a mirror: a path below its prefix, without a leading slash. */
export interface CarrierRequest {
  path: string
  method?: 'GET' | 'POST' | 'HEAD'
  headers?: Record<string, string>
  body?: Uint8Array | AsyncIterable<Uint8Array>
  signal?: AbortSignal
}

/** A mirror's answer. The body must be read to its end or destroyed. */
export interface CarrierResponse {
  status: number
  headers: IncomingHttpHeaders
  body: Readable
}

/**
 * A way to ask one mirror the requests of interface.md, "HTTP". Whoever implements it promises nothing about the answer's
 * truth: everything is verified by the caller.
 */
export interface Carrier {
  /** Peer id or URL: how the mirror is named in progress, logs and `sources`. */
  readonly name: string
  readonly kind: 'libp2p' | 'http'
  /** @throws NetworkError `unreachable` when there is no connection, `stalled` on silence, `cancelled` on the signal */
  request(request: CarrierRequest): Promise<CarrierResponse>
  close(): void
}

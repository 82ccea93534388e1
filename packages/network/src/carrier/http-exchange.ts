import { once } from 'node:events'
import {
  request as httpRequest,
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { request as httpsRequest } from 'node:https'
import { brokenConnection, cancelled, NetworkError } from '../errors.ts'
import { MAX_HEADER_BYTES, STALL_MS, UPLOAD_STALL_MS } from '../limits.ts'
import type { CarrierRequest, CarrierResponse, ResponseBody } from './carrier.ts'

/** Where a request goes. */
export interface HttpTarget extends RequestOptions {
  agent: Agent
  secure: boolean
}

/**
 * One HTTP/1.1 request through an agent, for both carriers. A request that met a kept connection just as the other side
 * closed it is sent once more on a new one.
 *
 * @throws as Carrier.request
 */
export async function sendRequest(name: string, target: HttpTarget, request: CarrierRequest): Promise<CarrierResponse> {
  const first = new HttpExchange(name, target, request)
  try {
    return await first.response
  } catch (error) {
    if (!first.metClosedConnection) throw error
    return await new HttpExchange(name, target, request).response
  }
}

/** A request under way and its answer, until the body has ended. */
class HttpExchange {
  readonly response: Promise<CarrierResponse>
  readonly #name: string
  readonly #request: CarrierRequest
  readonly #outgoing: ClientRequest
  readonly #answer = Promise.withResolvers<CarrierResponse>()
  readonly #ended = new AbortController()
  readonly #patience: number
  readonly #stall: NodeJS.Timeout
  #incoming: IncomingMessage | null = null
  /** Why we ended it ourselves. */
  #verdict: Error | null = null

  constructor(name: string, target: HttpTarget, request: CarrierRequest) {
    const { body, headers, method = 'GET', signal } = request
    this.response = this.#answer.promise
    this.#name = name
    this.#request = request
    this.#patience = request.patience ?? (isStreamed(body) ? UPLOAD_STALL_MS : STALL_MS)
    const { secure, ...options } = target
    this.#outgoing = (secure ? httpsRequest : httpRequest)({
      ...options,
      method,
      maxHeaderSize: MAX_HEADER_BYTES,
      headers: { ...(options.headers as object | undefined), ...headers, ...lengthOf(body) },
    })
    this.#outgoing.on('response', (incoming) => this.#onResponse(incoming))
    this.#outgoing.on('error', (cause) => this.#answer.reject(this.#verdict ?? brokenConnection(name, cause)))
    this.#outgoing.on('close', () => this.#onClose())
    this.#stall = setTimeout(() => this.#onSilence(), this.#patience)
    if (signal?.aborted === true) this.#cancel()
    else signal?.addEventListener('abort', this.#cancel, { once: true })
    if (isStreamed(body)) void this.#upload(body)
    else this.#outgoing.end(body)
  }

  /** Whether it failed without a word on a connection that had been kept from an earlier request, and can be repeated. */
  get metClosedConnection(): boolean {
    const untouched = this.#incoming === null && this.#verdict === null && !isStreamed(this.#request.body)
    return untouched && this.#outgoing.reusedSocket
  }

  #onResponse(incoming: IncomingMessage): void {
    this.#incoming = incoming
    this.#touch()
    incoming.on('data', () => this.#touch()).pause()
    incoming.on('close', () => this.#onClose())
    // An upload that is refused early must not go on: the other side throws it away.
    if ((incoming.statusCode ?? 0) >= 300 && !this.#outgoing.writableEnded)
      incoming.on('end', () => this.#outgoing.destroy())
    this.#answer.resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: this.#body(incoming) })
  }

  #body(incoming: IncomingMessage): ResponseBody {
    const read = async function* (this: HttpExchange): AsyncGenerator<Uint8Array> {
      try {
        for await (const chunk of incoming as AsyncIterable<Uint8Array>) yield chunk
      } catch (cause) {
        throw this.#verdict ?? brokenConnection(this.#name, cause)
      }
    }
    return { [Symbol.asyncIterator]: () => read.call(this), destroy: () => incoming.destroy() }
  }

  async #upload(body: AsyncIterable<Uint8Array>): Promise<void> {
    const { signal } = this.#ended
    try {
      for await (const chunk of body) {
        if (signal.aborted || (this.#incoming?.statusCode ?? 0) >= 300) return
        this.#touch()
        if (!this.#outgoing.write(chunk)) await once(this.#outgoing, 'drain', { signal })
      }
      this.#outgoing.end()
    } catch (error) {
      if (!signal.aborted) this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
  }

  readonly #cancel = (): void => {
    const { signal } = this.#request
    if (signal !== undefined) this.#fail(cancelled(`the request to ${this.#name}`, signal))
  }

  #onSilence(): void {
    // What arrived and is not read yet is no silence of the peer: our own reader is slow.
    if (this.#incoming !== null && this.#incoming.readableLength > 0) this.#touch()
    else this.#fail(new NetworkError('stalled', `${this.#name} sent nothing for ${this.#patience / 1000} s`))
  }

  #touch(): void {
    this.#stall.refresh()
  }

  #fail(verdict: Error): void {
    this.#verdict ??= verdict
    this.#answer.reject(this.#verdict)
    this.#incoming?.destroy()
    this.#outgoing.destroy()
  }

  /** The request is closed when all is sent or it failed; the answer, when there is one, when its body has ended. */
  #onClose(): void {
    if (this.#incoming !== null && !this.#incoming.closed) return
    clearTimeout(this.#stall)
    this.#request.signal?.removeEventListener('abort', this.#cancel)
    this.#ended.abort()
    this.#answer.reject(new NetworkError('unreachable', `${this.#name} closed the connection without an answer`))
  }
}

function isStreamed(body: CarrierRequest['body']): body is AsyncIterable<Uint8Array> {
  return body !== undefined && !(body instanceof Uint8Array)
}

function lengthOf(body: CarrierRequest['body']): Record<string, string> {
  return body instanceof Uint8Array ? { 'content-length': String(body.byteLength) } : {}
}

/** Request bodies, bounded in size and silence before anything is made of them. */
import { BODY_STALL_MS } from './limits.ts'

/** Why a body was not read to its end. */
export type BodyFailure = 'too-large' | 'stalled' | 'gone'

/** Thrown while a body is read; `answer` says what the sender is told. */
export class BodyError extends Error {
  override name = 'BodyError'
  readonly failure: BodyFailure

  constructor(failure: BodyFailure, options?: ErrorOptions) {
    super(`the body is ${failure}`, options)
    this.failure = failure
  }

  /** Status and sentence for the sender (who, when gone, reads neither). */
  get answer(): { status: 413 | 408; reason: string } {
    if (this.failure === 'too-large') return { status: 413, reason: 'the body is larger than this request may have' }
    return { status: 408, reason: 'the body did not arrive in time' }
  }
}

/** One body, read once, in pieces or whole. */
export class RequestBody {
  readonly #request: Request
  readonly #most: number
  #failure: BodyError | null = null

  /** @param most bytes: a body that says it is longer is refused unread */
  constructor(request: Request, most: number) {
    this.#request = request
    this.#most = most
    // A length that is no number is node:http's to refuse; elsewhere it counts as unknown.
    if (Number(request.headers.get('content-length') ?? 0) > most) this.#failure = new BodyError('too-large')
  }

  /** What ended the reading early, if anything did: also for whoever only sees a consumer's error. */
  get failure(): BodyError | null {
    return this.#failure
  }

  /** @throws BodyError at the byte that is too much, after silence, and when the sender is gone */
  async *pieces(): AsyncGenerator<Uint8Array> {
    if (this.#failure !== null) throw this.#failure
    const reader = this.#request.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined
    if (reader === undefined) return
    let length = 0
    try {
      for (;;) {
        const { done, value } = await this.#next(reader)
        if (done) return
        length += value.length
        if (length > this.#most) throw this.#end(new BodyError('too-large'))
        yield value
      }
    } finally {
      // Also when the consumer stops early: what is still on its way is not wanted.
      reader.cancel().catch(() => {})
    }
  }

  /** @returns the whole body @throws BodyError as `pieces` */
  async whole(): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array[] = []
    for await (const piece of this.pieces()) pieces.push(piece)
    return joined(pieces)
  }

  async #next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Awaited<ReturnType<typeof reader.read>>> {
    const { signal } = this.#request
    if (signal.aborted) throw this.#end(new BodyError('gone'))
    const { promise: interrupted, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new BodyError('stalled')), BODY_STALL_MS)
    const gone = (): void => reject(new BodyError('gone'))
    signal.addEventListener('abort', gone, { once: true })
    try {
      return await Promise.race([reader.read(), interrupted])
    } catch (error) {
      throw this.#end(error instanceof BodyError ? error : new BodyError('gone', { cause: error }))
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', gone)
    }
  }

  #end(failure: BodyError): BodyError {
    this.#failure = failure
    return failure
  }
}

function joined(pieces: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

import { Duplex } from 'node:stream'
import type { Stream } from '@libp2p/interface'
import { SOCKET_BUFFER_BYTES } from '../limits.ts'

type Done = (error?: Error | null) => void

/**
 * A libp2p stream as the socket that node:http wants, with backpressure both ways: what the reader does not take stays in
 * the sender's yamux window instead of our memory, and a writer waits until the other side takes what it wrote.
 */
export class StreamSocket extends Duplex {
  /** The peer's id: `request.socket.remotePeer` in a served request. A stream has no address of its own. */
  readonly remotePeer: string
  /** Milliseconds of the last setTimeout; node's agent reads it. */
  timeout = 0
  readonly #opening: Promise<Stream>
  #stream: Stream | null = null
  /** Whether our reader waits for data: node asks no second time before it was given some. */
  #hungry = true
  #resuming = false
  #isEnded = false
  /** A write that waits until the stream has passed everything on. */
  #waiting: Done | null = null
  #idle: NodeJS.Timeout | undefined

  /** @param opening one that is not open yet too, so that an agent can count the socket from the beginning */
  constructor(opening: Stream | Promise<Stream>, remotePeer: string) {
    super({
      allowHalfOpen: true,
      readableHighWaterMark: SOCKET_BUFFER_BYTES,
      writableHighWaterMark: SOCKET_BUFFER_BYTES,
    })
    this.#opening = Promise.resolve(opening)
    this.remotePeer = remotePeer
  }

  override _construct(done: Done): void {
    this.#opening.then((stream) => done(this.#attach(stream)), done)
  }

  override _read(): void {
    this.#hungry = true
    const stream = this.#stream
    if (stream === null || this.#resuming || stream.readStatus !== 'paused') return
    this.#resuming = true
    try {
      stream.resume()
    } catch (error) {
      // A stream that was closed meanwhile hands over what it holds and then finds that it can tell nobody of it.
      if (stream.status === 'open') throw error
    } finally {
      this.#resuming = false
    }
    this.#pauseWhenFed()
  }

  override _write(chunk: Uint8Array, _encoding: string, done: Done): void {
    this.#send(chunk, done)
  }

  /** node:http writes a chunk of a body in three parts; one frame for all of them saves two. */
  override _writev(parts: { chunk: Uint8Array }[], done: Done): void {
    this.#send(Buffer.concat(parts.map((part) => part.chunk)), done)
  }

  override _final(done: Done): void {
    if (this.#stream === null) done()
    else this.#stream.close().then(() => done(), done)
  }

  override _destroy(error: Error | null, done: Done): void {
    clearTimeout(this.#idle)
    this.#resolveWaiting(error ?? new Error('the stream was destroyed'))
    const stream = this.#stream
    if (stream?.status === 'open' || stream?.status === 'closing') {
      // What was written whole may still be on its way: a reset would take it from the reader at the other end.
      if (error === null && this.writableFinished) stream.closeRead().catch(() => {})
      else stream.abort(error ?? new Error('closed before the end'))
    }
    done(error)
  }

  /** Emits `timeout` after that many milliseconds without data in either direction; 0 never. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    if (listener !== undefined) this.once('timeout', listener)
    this.timeout = milliseconds
    clearTimeout(this.#idle)
    this.#idle = milliseconds > 0 && !this.destroyed ? setTimeout(() => this.emit('timeout'), milliseconds) : undefined
    this.#idle?.unref()
    return this
  }

  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  // What node:http calls on a net.Socket and what means nothing for a stream inside a connection.
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }

  /** @returns why the stream is of no use, or null */
  #attach(stream: Stream): Error | null {
    // A stream that was reset before anybody listened tells it no more.
    if (stream.status === 'reset' || stream.status === 'aborted') return new Error('the stream was reset')
    this.#stream = stream
    stream.addEventListener('message', ({ data }) => this.#onMessage(data instanceof Uint8Array ? [data] : data))
    stream.addEventListener('end', () => this.#endWhenRead())
    stream.addEventListener('close', ({ error }) => {
      if (error === undefined) this.#resolveWaiting(new Error('the stream was closed'))
      else this.destroy(error)
    })
    // Both are told from inside the stream's own sending, where it takes nothing new: look a moment later.
    stream.addEventListener('idle', () => queueMicrotask(this.#onTaken))
    stream.addEventListener('drain', () => queueMicrotask(this.#onTaken))
    queueMicrotask(() => this.#endWhenRead())
    return null
  }

  #send(chunk: Uint8Array, done: Done): void {
    this.#touch()
    this.#waiting = done
    try {
      this.#stream?.send(chunk)
    } catch (error) {
      this.#resolveWaiting(error instanceof Error ? error : new Error(String(error)))
    }
    this.#onTaken()
  }

  /**
   * libp2p's own `onDrain` waits once only: its promise is never renewed (@libp2p/utils 7.4, abstract-message-stream.js), and
   * `drain` comes also while the window is shut, when another stream's data has left the connection.
   */
  readonly #onTaken = (): void => {
    if (this.#waiting === null) return
    this.#touch()
    if (this.#stream?.writeBufferLength === 0 && !this.#stream.writableNeedsDrain) this.#resolveWaiting(null)
  }

  #resolveWaiting(error: Error | null): void {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.(error)
  }

  /**
   * Not inside `resume()`: its last lines would let the other side send again although nobody reads, until libp2p aborts the
   * stream for its full buffer (@libp2p/utils 7.4, @libp2p/yamux 8.0).
   */
  #pauseWhenFed(): void {
    if (!this.#hungry && !this.#resuming && this.#stream?.readStatus === 'readable') this.#stream.pause()
  }

  #onMessage(chunks: Iterable<Uint8Array>): void {
    this.#touch()
    for (const chunk of chunks) {
      this.#hungry = false
      // What is pushed may be read at once, and `_read` is then called inside of this.
      if (this.push(chunk)) this.#hungry = true
    }
    this.#pauseWhenFed()
    this.#endWhenRead()
  }

  /**
   * The stream's `close` may come while data waits in it, paused, and `end` while the first data is still on its way back
   * from the negotiation of the protocol: neither means that all was handed over.
   */
  #endWhenRead(): void {
    const isRead = this.#stream?.readableEnded === true && this.#stream.readBufferLength === 0
    if (isRead && !this.#isEnded && !this.destroyed) {
      this.#isEnded = true
      this.push(null)
    }
  }

  #touch(): void {
    this.#idle?.refresh()
  }
}

import { Duplex } from 'node:stream'
import type { Stream } from '@libp2p/interface'

/**
 * A libp2p stream as the socket that node:http wants, with backpressure both ways: what the reader does not take stays in
 * the sender's yamux window instead of our memory.
 */
export class StreamSocket extends Duplex {
  /** Node's HTTP server and agent read these; a stream has no port. */
  readonly remoteAddress: string
  readonly remotePeer: string
  readonly encrypted = true
  readonly #stream: Stream

  constructor(stream: Stream, remotePeer: string) {
    super({ allowHalfOpen: true })
    this.#stream = stream
    this.remotePeer = remotePeer
    this.remoteAddress = remotePeer
    stream.addEventListener('message', (event) => {
      const data = event.data
      if (!this.push(data instanceof Uint8Array ? data : data.subarray()) && stream.readStatus === 'readable') stream.pause()
    })
    const ended = (): void => {
      if (!this.readableEnded && !this.destroyed) this.push(null)
    }
    stream.addEventListener('end', ended)
    stream.addEventListener('close', (event) => {
      if (event.error === undefined) ended()
      else this.destroy(event.error)
    })
    if (stream.readableEnded) ended()
  }

  override _read(): void {
    if (this.#stream.readStatus === 'paused') this.#stream.resume()
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    try {
      if (this.#stream.send(chunk)) done()
      else this.#stream.onDrain().then(() => done(), done)
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)))
    }
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.close().then(() => done(), done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#stream.status === 'open' || this.#stream.status === 'closing') {
      if (error === null && this.readableEnded && this.writableFinished) this.#stream.close().catch(() => {})
      else this.#stream.abort(error ?? new Error('closed before the end'))
    }
    done(error)
  }

  // What node:http calls on a net.Socket and what means nothing for a stream inside a connection.
  setTimeout(): this {
    return this
  }
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
  destroySoon(): void {
    if (this.writable) this.end(() => this.destroy())
    else this.destroy()
  }
}

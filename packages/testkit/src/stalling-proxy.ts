/** A line that goes dead: passes bytes on to a server on this machine, and then nothing more, without closing. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export class StallingProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #afterBytes: number
  #stalled = Promise.withResolvers<void>()

  private constructor(target: URL, afterBytes: number) {
    this.#afterBytes = afterBytes
    this.#server = createServer((socket) => this.#pass(socket, connect(Number(target.port), target.hostname)))
  }

  /**
   * @param target such as `http://127.0.0.1:1234`
   * @param afterBytes of answers on one connection, after which it stalls
   */
  static async start(target: string, afterBytes: number): Promise<StallingProxy> {
    const proxy = new StallingProxy(new URL(target), afterBytes)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  /** Resolves when a connection stalls, from this call on. */
  async nextStall(): Promise<void> {
    this.#stalled = Promise.withResolvers<void>()
    await this.#stalled.promise
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #pass(socket: Socket, upstream: Socket): void {
    let passed = 0
    socket.pipe(upstream)
    upstream.on('data', (chunk) => {
      passed += chunk.length
      if (passed > this.#afterBytes) {
        upstream.pause()
        this.#stalled.resolve()
      } else socket.write(chunk)
    })
    for (const one of [socket, upstream]) {
      this.#sockets.add(one)
      one.on('error', () => undefined)
      one.on('close', () => {
        this.#sockets.delete(one)
        socket.destroy()
        upstream.destroy()
      })
    }
  }
}

/** Commands that talk to the daemon of a home. */
import { request } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { ImportResult } from '../bundles/take-bundle.ts'
import { CommandError, type Failure } from '../failure.ts'
import type { DaemonStatus } from '../daemon/status.ts'

/** Asks the daemon that owns a home. */
export class ControlClient {
  readonly #socket: string

  private constructor(socket: string) {
    this.#socket = socket
  }

  /** @returns null when no daemon answers on this socket */
  static async connect(socket: string): Promise<ControlClient | null> {
    const client = new ControlClient(socket)
    try {
      await client.#ask('GET', '/healthz')
      return client
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : ''
      if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTSOCK') return null
      throw error
    }
  }

  async status(): Promise<DaemonStatus> {
    return (await this.#json('GET', '/status')) as DaemonStatus
  }

  async follow(link: string, allowPrivate: boolean): Promise<{ address: string; notes: string[] }> {
    return (await this.#json('POST', '/follow', { link, allowPrivate })) as { address: string; notes: string[] }
  }

  async unfollow(address: string): Promise<void> {
    await this.#json('POST', '/unfollow', { address })
  }

  async gc(): Promise<{ blocks: number; bytes: number }> {
    return (await this.#json('POST', '/gc', {})) as { blocks: number; bytes: number }
  }

  async import(bundle: AsyncIterable<Uint8Array>): Promise<ImportResult> {
    return (await this.#json('POST', '/import', bundle)) as ImportResult
  }

  async #json(method: string, path: string, body?: object): Promise<unknown> {
    const { status, text } = await this.#ask(method, path, body)
    const value = JSON.parse(text) as unknown
    if (status === 200) return value
    const { exitCode, code, message, hint } = value as Failure
    throw new CommandError(exitCode, code, message, hint)
  }

  async #ask(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
    return await new Promise((resolve, reject) => {
      const isStream = body !== undefined && Symbol.asyncIterator in body
      const headers = { 'content-type': isStream ? 'application/octet-stream' : 'application/json' }
      const outgoing = request({ socketPath: this.#socket, method, path, headers, agent: false }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
        response.on('error', reject)
      })
      outgoing.on('error', reject)
      if (isStream) pipeline(body as AsyncIterable<Uint8Array>, outgoing).catch(reject)
      else outgoing.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }
}

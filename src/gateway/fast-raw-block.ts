/**
 * `GET /ipfs/{cid}?format=raw` without anything else: the commonest question of all. Answered without the web's Request and
 * Response, which take most of the time of a small block; status, headers and bytes are the same.
 */
import type { IncomingMessage } from 'node:http'
import { isIdentity, parseContentPath } from './content-path.ts'
import type { ServedBlocks } from './context.ts'
import { rawBlockHeaders } from './raw-block.ts'

export interface FastAnswer {
  bytes: Uint8Array
  headers: Readonly<Record<string, string>>
}

/** Whatever asks for more than the block goes the ordinary way. */
const ASKS_FOR_MORE = ['range', 'if-none-match', 'if-range', 'service-worker', 'cache-control', 'expect'] as const
const PLAIN_TARGET = /^\/ipfs\/b[a-z2-7]+\?format=raw$/

/**
 * @param prefix as GatewaySettings has it
 * @returns the answer for a request, or null where the ordinary way has to be gone
 */
export function fastRawBlock(
  blocks: ServedBlocks,
  prefix = '',
): (incoming: IncomingMessage) => Promise<FastAnswer | null> | null {
  return (incoming) => {
    const { method, url = '', headers } = incoming
    if (method !== 'GET' || !url.startsWith(prefix) || !PLAIN_TARGET.test(url.slice(prefix.length))) return null
    if (ASKS_FOR_MORE.some((name) => headers[name] !== undefined)) return null
    const path = parseContentPath(`http://localhost${url}`, prefix)
    if ('status' in path || isIdentity(path.root)) return null
    return blocks.get(path.root).then((bytes) => {
      if (bytes === null) return null
      return { bytes, headers: { ...rawBlockHeaders(path, null), 'content-length': String(bytes.length) } }
    })
  }
}

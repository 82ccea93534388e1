/** A maintainer's connections: only outgoing ones, under a fresh peer id, through which mirrors fetch what they lack. */
import { parseHint, type Hint } from '@holdfast/network'
import type { CID } from 'multiformats/cid'
import { gatewayContext } from '../daemon/gateway-context.ts'
import { createGateway } from '../gateway/gateway.ts'
import { gatewayListener } from '../gateway/node-http.ts'
import { UploadError } from '../gateway/context.ts'
import { ControlClient } from '../control/control-client.ts'
import type { Home } from '../home.ts'
import { Mirrors } from '../reading/mirrors.ts'
import type { Maintained } from './maintained.ts'

/** Counts what mirrors took from here. */
export interface Outgoing {
  readonly mirrors: Mirrors
  /** Bytes of blocks handed out so far. */
  readonly sentBytes: () => number
}

/** The node is started with the first hint that needs it; it listens nowhere. */
export function openOutgoing({ book, blocks }: Maintained, signal: AbortSignal): Outgoing {
  let sent = 0
  const counting = {
    has: async (cid: CID) => await blocks.has(cid),
    sizeOf: (cid: CID) => blocks.sizeOf(cid),
    get: async (cid: CID) => {
      const bytes = await blocks.get(cid)
      sent += bytes?.length ?? 0
      return bytes
    },
  }
  const context = gatewayContext(book, counting, {
    submit: async () => await Promise.resolve({ outcome: 'ignore', reason: 'a maintainer takes no announcements' }),
    upload: async () => await Promise.reject(new UploadError(403, 'a maintainer takes no uploads')),
    parts: () => null,
    kept: () => [],
    mirrorsOf: async () => await Promise.resolve([]),
    hasPeers: () => true,
    now: () => new Date(),
    isInside: () => false,
  })
  const serve = gatewayListener(createGateway(context))
  return { mirrors: new Mirrors({ serve, gossip: true }, signal), sentBytes: () => sent }
}

/** The mirror that runs in the same home, if one does: it is nearest. */
export async function ownMirror(home: Home): Promise<Hint[]> {
  const daemon = await ControlClient.connect(home.socket)
  if (daemon === null) return []
  const { multiaddrs } = await daemon.status()
  return multiaddrs.slice(0, 1).map(parseHint)
}

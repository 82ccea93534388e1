/** One fetch-style handler for everything that a mirror answers: carried by node:http, by libp2p, and by tests as it is. */
import { Hono } from 'hono'
import { notFound, text } from './answers.ts'
import { routeArchives } from './archives.ts'
import { routeBlockBatch } from './block-batch.ts'
import type { GatewayContext, GatewayEnv } from './context.ts'
import { plainPage } from './plain-page.ts'
import { routeTrustless } from './trustless.ts'
import { routeTufRepository } from './tuf-repository.ts'

/** The handler: `fetch(request, { peer })`, or `request(path, init, { peer })` without a carrier. */
export type Gateway = Hono<GatewayEnv>

/** How this gateway stands. */
export interface GatewaySettings {
  /** Secret path under which everything stands, such as `/a/b`; empty unless told. Everything else is 404. */
  prefix?: string
  /** Told of every failure of ours, since clients are told none: of the store, of an answer cut off. Nothing unless told. */
  report?: (cause: unknown) => void
}

/**
 * @returns a handler that stops working when `request.signal` aborts, and never throws
 *
 * @throws TypeError when the prefix is no path
 */
export function createGateway(context: GatewayContext, settings: GatewaySettings = {}): Gateway {
  const { prefix = '', report = () => {} } = settings
  if (!/^(?:\/[A-Za-z0-9._~-]+)*$/.test(prefix))
    throw new TypeError('a prefix is empty or like /a/b, without a slash at its end')

  const gateway = new Hono<GatewayEnv>().basePath(prefix)
  gateway.get('/', plainPage)
  routeTrustless(gateway, context.blocks, { prefix, report })
  routeBlockBatch(gateway, context.blocks, report)
  routeArchives(gateway, context.archives)
  routeTufRepository(gateway, context)

  gateway.notFound(notFound)
  gateway.onError((error) => {
    report(error)
    return text(500, 'Something went wrong')
  })
  return gateway
}

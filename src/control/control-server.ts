/** The daemon's ear for commands of its own user: HTTP on a socket in the home folder that nobody else may open. */
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { Hono } from 'hono'
import { importResult, type TakenBundle } from '../bundles/take-bundle.ts'
import { failureOf } from '../failure.ts'
import type { DaemonStatus } from '../daemon/status.ts'
import type { GatewayEnv } from '../gateway/context.ts'
import { gatewayListener } from '../gateway/node-http.ts'

/** What commands may ask of a running daemon. */
export interface Controlled {
  status(): Promise<DaemonStatus>
  /** @param link what was typed: a link or an address */
  follow(link: string, allowPrivate: boolean): Promise<{ address: string; notes: string[] }>
  unfollow(address: string): Promise<void>
  gc(): Promise<{ blocks: number; bytes: number }>
  import(bundle: AsyncIterable<Uint8Array>): Promise<TakenBundle>
}

/**
 * @param socket path of a unix socket or name of a Windows pipe
 * @returns the listening server
 */
export async function serveControl(socket: string, daemon: Controlled): Promise<Server> {
  const app = new Hono<GatewayEnv>()
  app.get('/status', async (c) => c.json(await daemon.status()))
  app.get('/healthz', (c) => c.text('ok'))
  app.get('/metrics', async (c) => c.text(metricsOf(await daemon.status())))
  app.post('/follow', async (c) => {
    const { link, allowPrivate } = await c.req.json<{ link: string; allowPrivate: boolean }>()
    return c.json(await daemon.follow(link, allowPrivate))
  })
  app.post('/unfollow', async (c) => {
    const { address } = await c.req.json<{ address: string }>()
    await daemon.unfollow(address)
    return c.json({ address })
  })
  app.post('/gc', async (c) => c.json(await daemon.gc()))
  app.post('/import', async (c) => {
    const bundle = c.req.raw.body as AsyncIterable<Uint8Array> | null
    return c.json(importResult(await daemon.import(bundle ?? nothing())))
  })
  app.onError((error, c) => c.json(failureOf(error), 500))
  const server = createServer(gatewayListener(app))
  if (process.platform !== 'win32') rmSync(socket, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socket, resolve)
  })
  if (process.platform !== 'win32') chmodSync(socket, 0o600)
  return server
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Prometheus text format. */
function metricsOf(status: DaemonStatus): string {
  const lines = [
    `holdfast_archives ${status.archives.length}`,
    `holdfast_disk_used_bytes ${status.disk.used}`,
    ...status.archives.flatMap((one) => [
      `holdfast_verified_release{archive="${one.address}"} ${one.verified ?? 0}`,
      `holdfast_served_release{archive="${one.address}"} ${one.served ?? 0}`,
      `holdfast_peers{archive="${one.address}"} ${one.peers}`,
    ]),
  ]
  return `${lines.join('\n')}\n`
}

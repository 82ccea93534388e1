/** Each archive as a TUF repository with consistent snapshots (TUF 6.2; trust.md): the exact bytes, for any TUF client. */
import { repositoryFiles, type TrustedState } from '@holdfast/release'
import type { Context, Hono } from 'hono'
import { methodNotAllowed, notFound, revalidated } from './answers.ts'
import { archiveIn } from './archives.ts'
import type { GatewayContext, GatewayEnv, HeldArchive, ServedArchives } from './context.ts'

const METADATA_NAME = /^(?:timestamp|[1-9]\d{0,14}\.(?:root|snapshot|targets))\.json$/
const PAST_TARGETS = /^([1-9]\d{0,14})\.targets\.json$/
const TARGET_NAME = /^([0-9a-f]{64})\.archive$/

/** Puts the routes into the gateway. */
export function routeTufRepository(gateway: Hono<GatewayEnv>, { archives, blocks }: GatewayContext): void {
  gateway.get('/archives/:address/metadata/:file', (c) => readMetadata(c, archives))
  gateway.get('/archives/:address/targets/:file', (c) => readTarget(c, { archives, blocks }))
  gateway.all('/archives/:address/:what{metadata|targets}/:file', () => methodNotAllowed('GET, HEAD'))
}

async function readMetadata(c: Context<GatewayEnv>, archives: ServedArchives): Promise<Response> {
  const held = archiveIn(c, archives)
  const name = c.req.param('file') ?? ''
  if (held === null || !METADATA_NAME.test(name)) return notFound()
  const bytes = filesOf(held.state).get(name) ?? (await pastTargets(held, name, archives))
  return bytes === null ? notFound() : revalidated(c.req.raw, bytes as Uint8Array<ArrayBuffer>, 'application/json')
}

/** The root block of a kept release: what its targets metadata gives the digest and the length of. */
async function readTarget(c: Context<GatewayEnv>, { archives, blocks }: GatewayContext): Promise<Response> {
  const held = archiveIn(c, archives)
  const digest = TARGET_NAME.exec(c.req.param('file') ?? '')?.[1]
  if (held === null || digest === undefined) return notFound()
  const cid = await archives.rootBlockOf(held.address, digest)
  const bytes = cid && (await blocks.get(cid))
  return bytes ? revalidated(c.req.raw, bytes as Uint8Array<ArrayBuffer>, 'application/octet-stream') : notFound()
}

async function pastTargets(held: HeldArchive, name: string, archives: ServedArchives): Promise<Uint8Array | null> {
  const version = PAST_TARGETS.exec(name)?.[1]
  return version === undefined ? null : await archives.pastTargets(held.address, Number(version))
}

const repositories = new WeakMap<TrustedState, Map<string, Uint8Array>>()

/** The files by name, worked out once for each state. */
function filesOf(state: TrustedState): Map<string, Uint8Array> {
  let files = repositories.get(state)
  if (files === undefined) {
    files = repositoryFiles(state)
    repositories.set(state, files)
  }
  return files
}

/** `/archives`: what is followed, its newest announcement, heads, mirrors; announcements and blocks handed in. */
import {
  announcementOf,
  encodeAnnouncement,
  MAX_ANNOUNCEMENT_BYTES,
  parseAddress,
  type TrustedState,
} from '@holdfast/release'
import type { Context, Hono } from 'hono'
import { json, methodNotAllowed, notFound, printable, refusal, revalidated, text, etagOf } from './answers.ts'
import { matchesEtag } from './conditions.ts'
import { UploadError, type GatewayEnv, type HeldArchive, type ServedArchives, type Submission } from './context.ts'
import { MAX_PEERS_TOLD, MAX_UPLOAD_BYTES } from './limits.ts'
import { LongPolls, parseWait } from './long-poll.ts'
import { RequestBody } from './request-body.ts'

type Asked = Context<GatewayEnv>

/** What the bytes are; a type of its own would name the program. */
const ANNOUNCEMENT_TYPE = 'application/vnd.ipld.dag-cbor'
const CAR_TYPES = ['application/vnd.ipld.car', 'application/octet-stream']

/** Puts the routes into the gateway. */
export function routeArchives(gateway: Hono<GatewayEnv>, archives: ServedArchives): void {
  const polls = new LongPolls()
  gateway.get('/archives', () => json(200, { archives: archives.listed() }))
  gateway.get('/archives/:address/announcement', (c) => readAnnouncement(c, archives, polls))
  gateway.post('/archives/:address/announcement', (c) => takeAnnouncement(c, archives))
  gateway.get('/archives/:address/head', (c) => readHead(c, archives, polls))
  gateway.get('/archives/:address/fork', (c) => readFork(c, archives))
  gateway.get('/archives/:address/parts', (c) => readParts(c, archives))
  gateway.get('/archives/:address/peers', (c) => readPeers(c, archives))
  gateway.post('/archives/:address/blocks', (c) => takeBlocks(c, archives))

  gateway.all('/archives', () => methodNotAllowed('GET, HEAD'))
  gateway.all('/archives/:address/announcement', () => methodNotAllowed('GET, HEAD, POST'))
  gateway.all('/archives/:address/:what{head|parts|peers|fork}', () => methodNotAllowed('GET, HEAD'))
  gateway.all('/archives/:address/blocks', () => methodNotAllowed('POST'))
}

/** The proof that two releases are signed under one version, for anybody to check. */
function readFork(c: Asked, archives: ServedArchives): Response {
  const proof = archiveIn(c, archives)?.fork ?? null
  if (proof === null) return notFound()
  return new Response(new Uint8Array(proof), { headers: { 'content-type': ANNOUNCEMENT_TYPE } })
}

/** @returns the archive that the path names, or null: no address, or not followed here */
export function archiveIn(c: Asked, archives: ServedArchives): HeldArchive | null {
  const address = parseAddress(c.req.param('address') ?? '')
  return address === null ? null : archives.find(address)
}

/** `?wait=SECONDS&after=RELEASE`: answers once a later release is verified, or other bytes than those of `If-None-Match`. */
async function readAnnouncement(c: Asked, archives: ServedArchives, polls: LongPolls): Promise<Response> {
  const held = archiveIn(c, archives)
  if (held === null) return notFound()
  const seconds = parseWait(c.req.query('wait') ?? null)
  const after = parseRelease(c.req.query('after'))
  if (seconds === null || after === null) return text(400, 'wait is a number of seconds, after a release number')
  const known = c.req.raw.headers.get('if-none-match')
  const { address } = held
  const isNews = (): boolean => {
    const now = archives.find(address)
    // Forgotten meanwhile: nothing will ever come.
    if (now === null || (after !== undefined && (now.verified ?? 0) > after)) return true
    // The same release under a renewed timestamp is news to whoever says which bytes it has.
    if (known !== null) return isOther(now, known)
    return after === undefined && now.verified !== null
  }
  await polls.until(isNews, (signal) => archives.changed(address, signal), seconds, c.req.raw.signal)

  const bytes = announcementBytes(archives.find(address))
  return bytes === null ? notFound() : revalidated(c.req.raw, bytes, ANNOUNCEMENT_TYPE)
}

/** `?wait=SECONDS&served=RELEASE`: answers once that release is held whole. */
async function readHead(c: Asked, archives: ServedArchives, polls: LongPolls): Promise<Response> {
  const held = archiveIn(c, archives)
  if (held === null) return notFound()
  const seconds = parseWait(c.req.query('wait') ?? null)
  const wanted = parseRelease(c.req.query('served'))
  if (seconds === null || wanted === null) return text(400, 'wait is a number of seconds, served a release number')
  const { address } = held
  const isServed = (): boolean => {
    const now = archives.find(address)
    return now === null || wanted === undefined || (now.served ?? 0) >= wanted
  }
  await polls.until(isServed, (signal) => archives.changed(address, signal), seconds, c.req.raw.signal)

  const now = archives.find(address)
  if (now === null) return notFound()
  const { verified, served, cid, freshness } = now
  return json(200, { verified, served, cid, freshness })
}

/** `?manifest=CID`: what a mirror that fetches that release too may take from here already. */
function readParts(c: Asked, archives: ServedArchives): Response {
  const held = archiveIn(c, archives)
  const bits = held === null ? null : archives.parts(held.address, c.req.query('manifest') ?? '')
  if (bits === null) return notFound()
  if (bits === 'all') return new Response(null, { status: 204 })
  const headers = { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' }
  return new Response(new Uint8Array(bits), { headers })
}

async function readPeers(c: Asked, archives: ServedArchives): Promise<Response> {
  const held = archiveIn(c, archives)
  if (held === null) return notFound()
  const peers = await archives.peers(held.address, peerOf(c))
  return json(200, { peers: peers.slice(0, MAX_PEERS_TOLD) })
}

/** 202: taken. 200: there was nothing to take, and why. 4xx: refused, and why. */
async function takeAnnouncement(c: Asked, archives: ServedArchives): Promise<Response> {
  const held = archiveIn(c, archives)
  if (held === null) return refusal(404, 'this archive is not followed here')
  const body = new RequestBody(c.req.raw, MAX_ANNOUNCEMENT_BYTES)
  const bytes = await body.whole().catch(() => null)
  if (bytes === null) return bodyRefusal(body)
  const { outcome, code, reason } = await archives.submit(held.address, bytes, peerOf(c))
  const status = statusOf({ outcome, reason, ...(code !== undefined && { code }) })
  return json(status, { outcome, ...(code !== undefined && { code: printable(code) }), reason: printable(reason) })
}

async function takeBlocks(c: Asked, archives: ServedArchives): Promise<Response> {
  const held = archiveIn(c, archives)
  if (held === null) return refusal(404, 'this archive is not followed here')
  const type = c.req.raw.headers.get('content-type')
  if (type !== null && !CAR_TYPES.includes(mediaType(type)))
    return refusal(415, 'blocks come as application/vnd.ipld.car')
  const body = new RequestBody(c.req.raw, MAX_UPLOAD_BYTES)
  if (body.failure !== null) return bodyRefusal(body)
  try {
    const { stored } = await archives.upload(held.address, body.pieces(), peerOf(c))
    return json(200, { stored })
  } catch (error) {
    // The body's own end comes first: it is why the receiver failed.
    if (body.failure !== null) return bodyRefusal(body)
    if (error instanceof UploadError) return refusal(error.status, error.reason)
    throw error
  }
}

const announcements = new WeakMap<TrustedState, Uint8Array<ArrayBuffer>>()

/** @returns the newest verified announcement, encoded once for each state; null before the first release */
function announcementBytes(held: HeldArchive | null): Uint8Array<ArrayBuffer> | null {
  const state = held?.state
  if (state?.timestamp === undefined || state.snapshot === undefined || state.targets === undefined) return null
  let bytes = announcements.get(state)
  if (bytes === undefined) {
    bytes = encodeAnnouncement(announcementOf(state)) as Uint8Array<ArrayBuffer>
    announcements.set(state, bytes)
  }
  return bytes
}

/** Whether the client, by its `If-None-Match`, does not have the newest announcement. */
function isOther(held: HeldArchive, known: string | null): boolean {
  const bytes = announcementBytes(held)
  return bytes !== null && !matchesEtag(known, etagOf(bytes))
}

function statusOf({ outcome, code }: Submission): number {
  if (outcome === 'accept') return 202
  if (outcome === 'ignore') return 200
  if (code === 'too-large' || code === 'too-many-roots') return 413
  // Not wrong in itself: something else has to come first, or came first.
  if (code === 'roots-missing' || code === 'fork') return 409
  return code === 'bad-format' ? 400 : 422
}

function bodyRefusal(body: RequestBody): Response {
  const { status, reason } = body.failure?.answer ?? { status: 400, reason: 'the body could not be read' }
  return refusal(status, reason)
}

function peerOf(c: Asked): string | null {
  // Without bindings Hono leaves `env` undefined, whatever its type says.
  return (c.env as GatewayEnv['Bindings'] | undefined)?.peer ?? null
}

/** @returns undefined when not asked for, null when it is no release number */
function parseRelease(value: string | undefined): number | null | undefined {
  if (value === undefined) return undefined
  return /^\d{1,15}$/.test(value) ? Number(value) : null
}

function mediaType(header: string): string {
  return (header.split(';')[0] ?? '').trim().toLowerCase()
}

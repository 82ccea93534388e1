import { readSmallBody, type Carrier, type CarrierRequest } from './carrier/carrier.ts'
import { cancelled, NetworkError } from './errors.ts'
import { decodeParts, emptyBits, type Parts } from './transfer/listed-parts.ts'
import {
  MAX_ANNOUNCEMENT_BYTES,
  MAX_FORK_PROOF_BYTES,
  MAX_JSON_BYTES,
  MAX_METADATA_BYTES,
  MAX_PARTS_BYTES,
  QUESTION_TIMEOUT_MS,
  TAUGHT_ADDRESSES,
} from './limits.ts'

/** What a mirror says of an archive. Claims only: whoever counts on them fetches and verifies. */
export interface HeadAnswer {
  /** Highest release that it has verified, null when none. */
  verified: number | null
  /** Release that it holds whole and serves, null when none. */
  served: number | null
  /** Root CID of the served release. */
  cid: string | null
}

/** For what a mirror should wait before it answers. */
export interface HeadWait {
  /** Seconds that it may wait; the mirror may answer sooner. */
  wait?: number
  /** Release that it must serve before it answers sooner. */
  served?: number
}

/** An announcement as a mirror gave it, not verified. */
export interface AnnouncementAnswer {
  bytes: Uint8Array
  etag: string | null
}

interface Answer {
  status: number
  body: Uint8Array
  etag: string | null
}

/** The questions of interface.md, "HTTP", asked of one mirror. Each is bounded in time and size. */
export class ArchiveClient {
  readonly #carrier: Carrier

  constructor(carrier: Carrier) {
    this.#carrier = carrier
  }

  /**
   * The newest announcement that the mirror has verified.
   *
   * @param etag of what is known already
   * @returns `same` when nothing changed, null when the mirror knows no release of the archive
   * @throws NetworkError
   */
  async announcement(
    address: string,
    etag?: string,
    signal?: AbortSignal,
  ): Promise<AnnouncementAnswer | 'same' | null> {
    const headers = etag === undefined ? {} : { 'if-none-match': etag }
    const request = { path: `archives/${address}/announcement`, headers }
    const answer = await this.#ask(request, MAX_ANNOUNCEMENT_BYTES, signal)
    if (answer.status === 304) return 'same'
    if (answer.status === 404) return null
    this.#expect(answer, 'its announcement')
    return { bytes: answer.body, etag: answer.etag }
  }

  /**
   * What the mirror holds of an archive.
   *
   * @param until lets the mirror wait with its answer, so that nobody needs to ask again and again
   * @returns null when it does not follow the archive
   * @throws NetworkError
   */
  async head(address: string, until: HeadWait = {}, signal?: AbortSignal): Promise<HeadAnswer | null> {
    const { wait = 0, served } = until
    const query = new URLSearchParams(
      wait > 0 ? { wait: String(wait), ...(served !== undefined && { served: String(served) }) } : {},
    )
    const path = `archives/${address}/head${query.size > 0 ? `?${query.toString()}` : ''}`
    const answer = await this.#ask({ path }, MAX_JSON_BYTES, signal, wait * 1000)
    if (answer.status === 404) return null
    this.#expect(answer, 'its head')
    const value = parseJson(this.#carrier.name, answer.body)
    return { verified: numberIn(value, 'verified'), served: numberIn(value, 'served'), cid: stringIn(value, 'cid') }
  }

  /** The proof of a fork of the archive, not verified; null when the mirror knows of none. @throws NetworkError */
  async fork(address: string, signal?: AbortSignal): Promise<Uint8Array | null> {
    const answer = await this.#ask({ path: `archives/${address}/fork` }, MAX_FORK_PROOF_BYTES, signal)
    return answer.status === 200 ? answer.body : null
  }

  /** Multiaddrs of other mirrors of the archive, as this one tells; may be empty. @throws NetworkError */
  async peers(address: string, signal?: AbortSignal): Promise<string[]> {
    const answer = await this.#ask({ path: `archives/${address}/peers` }, MAX_JSON_BYTES, signal)
    if (answer.status !== 200) return []
    const { peers } = parseJson(this.#carrier.name, answer.body)
    if (!Array.isArray(peers)) return []
    return peers.filter((one): one is string => typeof one === 'string').slice(0, TAUGHT_ADDRESSES)
  }

  /**
   * Which blocks of a manifest the mirror holds, and which it has asked a source for that holds everything.
   *
   * @param size number of blocks that the manifest lists
   * @returns null when it neither fetches nor holds that release, or tells something else @throws NetworkError
   */
  async parts(address: string, manifest: string, size: number, signal?: AbortSignal): Promise<Parts | null> {
    const answer = await this.#ask({ path: `archives/${address}/parts?manifest=${manifest}` }, MAX_PARTS_BYTES, signal)
    if (answer.status === 204) return { held: emptyBits(size).fill(0xff), asked: emptyBits(size) }
    return answer.status === 200 ? decodeParts(answer.body, size) : null
  }

  /** One metadata file of the archive's TUF repository, verbatim and not verified; null when the mirror lacks it. @throws NetworkError */
  async metadata(address: string, file: string, signal?: AbortSignal): Promise<Uint8Array | null> {
    const answer = await this.#ask({ path: `archives/${address}/metadata/${file}` }, MAX_METADATA_BYTES, signal)
    if (answer.status === 404) return null
    this.#expect(answer, file)
    return answer.body
  }

  /** Hands an announcement to the mirror. @returns whether it took it (or had it), and its reason where not. @throws NetworkError */
  async announce(
    address: string,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<{ taken: boolean; reason: string }> {
    const request = { path: `archives/${address}/announcement`, method: 'POST', body: bytes } as const
    const answer = await this.#ask(request, MAX_JSON_BYTES, signal)
    return { taken: answer.status === 202 || answer.status === 200, reason: reasonIn(answer.body) }
  }

  /**
   * Uploads blocks of a release that the mirror has verified.
   *
   * @param car read as fast as the mirror takes it, and no further once it refuses
   * @throws NetworkError `refused` with the mirror's reason; and what `car` throws
   */
  async upload(address: string, car: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
    const request = {
      path: `archives/${address}/blocks`,
      method: 'POST',
      body: car,
      ...(signal && { signal }),
    } as const
    const headers = { 'content-type': 'application/vnd.ipld.car' }
    const answer = await this.#carrier.request({ ...request, headers })
    const body = await readSmallBody(this.#carrier.name, answer.body, MAX_JSON_BYTES)
    if (answer.status >= 300)
      throw new NetworkError('refused', `${this.#carrier.name} refused the upload: ${reasonIn(body)}`)
  }

  /** @param waiting milliseconds that the mirror was asked to wait */
  async #ask(request: CarrierRequest, most: number, signal: AbortSignal | undefined, waiting = 0): Promise<Answer> {
    const patience = waiting + QUESTION_TIMEOUT_MS
    const limit = AbortSignal.timeout(patience)
    const either = signal === undefined ? limit : AbortSignal.any([signal, limit])
    try {
      const answer = await this.#carrier.request({ ...request, signal: either, patience })
      const body = await readSmallBody(this.#carrier.name, answer.body, most)
      return { status: answer.status, body, etag: answer.headers.etag ?? null }
    } catch (cause) {
      if (signal?.aborted === true) throw cancelled(`the question to ${this.#carrier.name}`, signal)
      if (!limit.aborted) throw cause
      throw new NetworkError('stalled', `${this.#carrier.name} did not answer within ${patience / 1000} s`, { cause })
    }
  }

  #expect(answer: Answer, what: string): void {
    if (answer.status === 200) return
    throw new NetworkError('not-found', `${this.#carrier.name} answered ${answer.status} instead of ${what}`)
  }
}

/** @returns the fields of a JSON object; none for any other JSON */
function parseJson(name: string, body: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch (cause) {
    throw new NetworkError('lied', `${name} answered with something that is not JSON`, { cause })
  }
}

function numberIn(value: Record<string, unknown>, field: string): number | null {
  const found = value[field]
  return Number.isSafeInteger(found) ? (found as number) : null
}

function stringIn(value: Record<string, unknown>, field: string): string | null {
  const found = value[field]
  return typeof found === 'string' ? found : null
}

/** A mirror's reason for a refusal, cut to one printable line: it is shown to people. */
function reasonIn(body: Uint8Array): string {
  const text = new TextDecoder().decode(body.subarray(0, 4096))
  let reason = text
  try {
    const value = JSON.parse(text) as { reason?: unknown } | null
    if (typeof value?.reason === 'string') reason = value.reason
  } catch {
    // Not JSON: the text itself is the reason.
  }
  return reason.replace(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, ' ').slice(0, 300)
}

import { NetworkError } from './errors.ts'
import { readSmallBody } from './carrier/http-request.ts'
import type { Carrier, CarrierRequest } from './carrier/carrier.ts'
import { MAX_ANNOUNCEMENT_BYTES, MAX_JSON_BYTES, MAX_METADATA_BYTES, QUESTION_TIMEOUT_MS, TAUGHT_ADDRESSES } from './limits.ts'

/** What a mirror says of an archive. Claims only: whoever counts on them fetches and verifies. */
export interface HeadAnswer {
  /** Highest release that it has verified, null when none. */
  verified: number | null
  /** Release that it holds whole and serves, null when none. */
  served: number | null
  /** Root CID of the served release. */
  cid: string | null
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
   * @returns its bytes (not verified), `same` when nothing changed, null when the mirror knows no release of the archive
   * @throws NetworkError
   */
  async announcement(address: string, etag?: string, signal?: AbortSignal): Promise<{ bytes: Uint8Array; etag: string | null } | 'same' | null> {
    const headers = etag === undefined ? {} : { 'if-none-match': etag }
    const answer = await this.#ask({ path: `archives/${address}/announcement`, headers }, MAX_ANNOUNCEMENT_BYTES, signal)
    if (answer.status === 304) return 'same'
    if (answer.status === 404) return null
    this.#expect(answer.status, 200, 'its announcement')
    return { bytes: answer.body, etag: answer.etag }
  }

  /** What the mirror holds of an archive; null when it does not follow it. @throws NetworkError */
  async head(address: string, signal?: AbortSignal): Promise<HeadAnswer | null> {
    const answer = await this.#ask({ path: `archives/${address}/head` }, MAX_JSON_BYTES, signal)
    if (answer.status === 404) return null
    this.#expect(answer.status, 200, 'its head')
    const value = parseJson(this.#carrier.name, answer.body) as Partial<Record<keyof HeadAnswer, unknown>> | null
    return {
      verified: typeof value?.verified === 'number' ? value.verified : null,
      served: typeof value?.served === 'number' ? value.served : null,
      cid: typeof value?.cid === 'string' ? value.cid : null,
    }
  }

  /** Multiaddrs of other mirrors of the archive, as this one tells; may be empty. @throws NetworkError */
  async peers(address: string, signal?: AbortSignal): Promise<string[]> {
    const answer = await this.#ask({ path: `archives/${address}/peers` }, MAX_JSON_BYTES, signal)
    if (answer.status !== 200) return []
    const value = parseJson(this.#carrier.name, answer.body) as { peers?: unknown } | null
    if (!Array.isArray(value?.peers)) return []
    return value.peers.filter((one): one is string => typeof one === 'string').slice(0, TAUGHT_ADDRESSES)
  }

  /** One metadata file of the archive's TUF repository, verbatim and not verified; null when the mirror lacks it. @throws NetworkError */
  async metadata(address: string, file: string, signal?: AbortSignal): Promise<Uint8Array | null> {
    const answer = await this.#ask({ path: `archives/${address}/metadata/${file}` }, MAX_METADATA_BYTES, signal)
    if (answer.status === 404) return null
    this.#expect(answer.status, 200, file)
    return answer.body
  }

  /** Hands an announcement to the mirror. @returns whether it took it (or had it), and its reason where not. @throws NetworkError */
  async announce(address: string, bytes: Uint8Array, signal?: AbortSignal): Promise<{ taken: boolean; reason: string }> {
    const request = { path: `archives/${address}/announcement`, method: 'POST', body: bytes } as const
    const answer = await this.#ask(request, MAX_JSON_BYTES, signal)
    return { taken: answer.status === 202 || answer.status === 200, reason: reasonIn(answer.body) }
  }

  /** Uploads blocks of a release that the mirror has verified, as CAR. @throws NetworkError `refused` with the mirror's reason */
  async upload(address: string, car: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
    const request: CarrierRequest = { path: `archives/${address}/blocks`, method: 'POST', body: car, ...(signal && { signal }) }
    const answer = await this.#carrier.request(request)
    const body = await readSmallBody(this.#carrier.name, answer.body, MAX_JSON_BYTES)
    if (answer.status >= 300)
      throw new NetworkError('refused', `${this.#carrier.name} refused the upload: ${reasonIn(body)}`)
  }

  async #ask(request: CarrierRequest, most: number, signal?: AbortSignal): Promise<{ status: number; body: Uint8Array; etag: string | null }> {
    const limit = AbortSignal.timeout(QUESTION_TIMEOUT_MS)
    const both = signal === undefined ? limit : AbortSignal.any([signal, limit])
    const answer = await this.#carrier.request({ ...request, signal: both })
    const body = await readSmallBody(this.#carrier.name, answer.body, most)
    return { status: answer.status, body, etag: answer.headers.etag ?? null }
  }

  #expect(status: number, wanted: number, what: string): void {
    if (status !== wanted) throw new NetworkError('not-found', `${this.#carrier.name} answered ${status} instead of ${what}`)
  }
}

function parseJson(name: string, body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (cause) {
    throw new NetworkError('lied', `${name} answered with something that is not JSON`, { cause })
  }
}

/** A mirror's reason for a refusal, cut to one printable line: it is shown to people. */
function reasonIn(body: Uint8Array): string {
  const text = new TextDecoder().decode(body.subarray(0, 400))
  let reason = text
  try {
    const value = JSON.parse(text) as { reason?: unknown; error?: unknown } | null
    if (typeof value?.reason === 'string') reason = value.reason
  } catch {
    // Not JSON: the text itself is the reason.
  }
  return reason.replace(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, ' ').slice(0, 300)
}

import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { isIP } from 'node:net'
import { scopeOfIp } from '../address-scope.ts'
import { hostOfUrl } from '../hints.ts'
import { guardedLookup, privateAddress } from '../name-lookup.ts'
import type { Carrier, CarrierRequest, CarrierResponse } from './carrier.ts'
import { sendRequest } from './http-exchange.ts'

/** Asks a mirror behind an http(s) URL prefix, as behind an ordinary web server. */
export class UrlCarrier implements Carrier {
  readonly kind = 'http'
  readonly name: string
  readonly #url: URL
  readonly #agent: HttpAgent
  readonly #allowPrivate: boolean

  /**
   * @param url prefix, ends in a slash
   * @param allowPrivate false refuses what leads into the own machine or network, checked when the name is resolved:
   *   right for hints that came from a stranger; true is for those given by hand
   */
  constructor(url: URL, allowPrivate: boolean) {
    this.#url = url
    this.#allowPrivate = allowPrivate
    this.name = url.href
    const settings = { keepAlive: true, maxSockets: 32 }
    this.#agent = url.protocol === 'https:' ? new HttpsAgent(settings) : new HttpAgent(settings)
  }

  /** @throws NetworkError `private-address` besides those of Carrier.request */
  async request(request: CarrierRequest): Promise<CarrierResponse> {
    const hostname = hostOfUrl(this.#url)
    // A socket to an address asks for no lookup.
    if (!this.#allowPrivate && isIP(hostname) !== 0 && scopeOfIp(hostname) !== 'public') throw privateAddress(hostname)
    const target = {
      agent: this.#agent,
      secure: this.#url.protocol === 'https:',
      hostname,
      port: this.#url.port,
      path: this.#url.pathname + request.path,
      lookup: guardedLookup(() => this.#allowPrivate),
    }
    return await sendRequest(this.name, target, request)
  }

  close(): void {
    this.#agent.destroy()
  }
}

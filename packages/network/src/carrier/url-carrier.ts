import { lookup } from 'node:dns'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { LookupFunction } from 'node:net'
import { scopeOfIp } from '../hints.ts'
import { NetworkError } from '../errors.ts'
import type { Carrier, CarrierRequest, CarrierResponse } from './carrier.ts'
import { sendRequest } from './http-request.ts'

/** Asks a mirror behind an http(s) URL prefix, as behind an ordinary web server. */
export class UrlCarrier implements Carrier {
  readonly kind = 'http'
  readonly name: string
  readonly #url: URL
  readonly #agent: HttpAgent
  readonly #lookup: LookupFunction

  /**
   * @param url prefix, ends in a slash
   * @param allowPrivate false refuses names that resolve into the reader's own network: the name comes from a stranger's link
   */
  constructor(url: URL, allowPrivate: boolean) {
    this.#url = url
    this.name = url.href
    const settings = { keepAlive: true, maxSockets: 32 }
    this.#agent = url.protocol === 'https:' ? new HttpsAgent(settings) : new HttpAgent(settings)
    this.#lookup = (host, options, done) => {
      lookup(host, options, (error, address, family) => {
        const found = Array.isArray(address) ? address : [{ address, family: family ?? 4 }]
        const inside = error === null ? found.find((one) => scopeOfIp(one.address) !== 'public') : undefined
        if (inside !== undefined && !allowPrivate)
          done(new NetworkError('private-address', `${host} resolves to the private address ${inside.address}`), '', 4)
        else done(error, address as string, family)
      })
    }
  }

  request(request: CarrierRequest): Promise<CarrierResponse> {
    const target = {
      agent: this.#agent,
      secure: this.#url.protocol === 'https:',
      hostname: this.#url.hostname.replace(/^\[|\]$/g, ''),
      port: this.#url.port,
      path: this.#url.pathname + request.path,
      lookup: this.#lookup,
    }
    return sendRequest(this.name, target, request)
  }

  close(): void {
    this.#agent.destroy()
  }
}

import type { ConnectionGater } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { hostsOf } from './hints.ts'

/**
 * What may be dialled. With `--reach link` (the default) that is: addresses named by links or by hand, and addresses that
 * such peers taught us. Everything else that libp2p may pick up by itself (identify, peer store) is refused here, at the
 * last door before a socket opens.
 */
export class DialGuard {
  readonly #allowed = new Set<string>()
  readonly #insideNames = new Set<string>()
  readonly #onRefused: (address: string) => void

  /** @param onRefused told of each address that libp2p wanted to dial and may not */
  constructor(onRefused: (address: string) => void = () => {}) {
    this.#onRefused = onRefused
  }

  /**
   * Lets this address be dialled from now on, whichever peer is expected there.
   *
   * @param mayLeadInside whether a name in it may resolve to a private address
   */
  allow(address: Multiaddr, mayLeadInside: boolean): void {
    this.#allowed.add(keyOf(address))
    if (mayLeadInside) for (const host of hostsOf(address)) this.#insideNames.add(host)
  }

  /** Whether somebody who may name private addresses gave us this name. */
  mayLeadInside(host: string): boolean {
    return this.#insideNames.has(host)
  }

  /** The libp2p hook. */
  gater(): ConnectionGater {
    return {
      denyDialMultiaddr: (address) => {
        const key = keyOf(address)
        if (this.#allowed.has(key)) return false
        this.#onRefused(`/${key}`)
        return true
      },
    }
  }
}

/** Host, transport and port: the same address with and without `/p2p/…` is one. */
function keyOf(address: Multiaddr): string {
  return address
    .getComponents()
    .filter((part) => part.name !== 'p2p')
    .map((part) => (part.value === undefined ? part.name : `${part.name}/${part.value}`))
    .join('/')
}

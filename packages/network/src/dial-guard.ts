import type { ConnectionGater } from '@libp2p/interface'
import { isMultiaddr, type Multiaddr } from '@multiformats/multiaddr'

/**
 * What may be dialled. With `--reach link` (the default) that is: addresses named by links or by hand, and addresses that
 * such peers taught us. Everything else that libp2p may pick up by itself (identify, peer store) is refused here, at the
 * last door before a socket opens.
 */
export class DialGuard {
  readonly #allowed = new Set<string>()
  readonly #onRefused: (address: string) => void

  constructor(onRefused: (address: string) => void = () => {}) {
    this.#onRefused = onRefused
  }

  /** Lets this address be dialled from now on. */
  allow(address: Multiaddr): void {
    this.#allowed.add(keyOf(address))
  }

  /** The libp2p hook: true refuses. */
  gater(): ConnectionGater {
    return {
      denyDialMultiaddr: (address) => {
        const target = isMultiaddr(address) ? keyOf(address) : String(address)
        if (this.#allowed.has(target)) return false
        this.#onRefused(target)
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

import { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { scopeOfIp } from './address-scope.ts'
import { NetworkError } from './errors.ts'

/**
 * Resolves names for `net.connect`, last door before a socket opens: a name from a stranger's link must not lead into the
 * own machine or network, whatever its DNS says at this moment (DNS rebinding).
 *
 * @param mayLeadInside whether a name was given by somebody who may name private addresses
 * @returns the lookup; it ends with NetworkError `private-address` when a name has no other address
 */
export function guardedLookup(mayLeadInside: (host: string) => boolean): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        done(error, [])
        return
      }
      const usable = mayLeadInside(host) ? found : found.filter((one) => scopeOfIp(one.address) === 'public')
      const [first] = usable
      if (first === undefined) done(privateAddress(host, found[0]?.address), [])
      else if (options.all === true) done(null, usable)
      else done(null, first.address, first.family)
    })
  }
}

/** @param address what the name leads to, or undefined when the host is an address itself */
export function privateAddress(host: string, address?: string): NetworkError {
  const what =
    address === undefined ? `${host} is a private address` : `${host} leads to the private address ${address}`
  return new NetworkError('private-address', `${what}, where a stranger's hint may not lead`)
}

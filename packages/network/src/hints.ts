import { isIP } from 'node:net'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { NetworkError, reasonOf } from './errors.ts'

/** Where a peer may be found: a multiaddr with its peer id, or the https prefix of a mirror's gateway. */
export type Hint =
  | { kind: 'peer'; text: string; address: Multiaddr; peer: string }
  | { kind: 'url'; text: string; url: URL }

/** How far an address reaches. A name that is not yet resolved counts as `public`; the carrier checks again when it is. */
export type Scope = 'loopback' | 'private' | 'public'

/**
 * Reads one hint.
 *
 * @param text a multiaddr ending in `/p2p/<peer id>`, or an http(s) URL prefix
 * @throws NetworkError `bad-hint`, naming the text and what is wrong
 */
export function parseHint(text: string): Hint {
  if (/^https?:\/\//i.test(text)) {
    let url: URL
    try {
      url = new URL(text)
    } catch (cause) {
      throw new NetworkError('bad-hint', `the hint ${JSON.stringify(text)} is not a URL`, { cause })
    }
    if (url.username !== '' || url.password !== '')
      throw new NetworkError('bad-hint', `the hint ${JSON.stringify(url.host)} carries a user name or password`)
    url.search = ''
    url.hash = ''
    if (!url.pathname.endsWith('/')) url.pathname += '/'
    return { kind: 'url', text: url.href, url }
  }
  try {
    const address = multiaddr(text)
    const peer = address.getComponents().findLast((part) => part.name === 'p2p')?.value
    if (peer === undefined)
      throw new NetworkError('bad-hint', `the hint ${text} names no peer: it must end in /p2p/<peer id>`)
    return { kind: 'peer', text: address.toString(), address, peer }
  } catch (cause) {
    if (cause instanceof NetworkError) throw cause
    throw new NetworkError(
      'bad-hint',
      `the hint ${JSON.stringify(text)} is neither a multiaddr nor an http(s) URL (${reasonOf(cause)})`,
      { cause },
    )
  }
}

/** How far an IP address reaches: RFC 1122, 1918, 3927, 4193, 4291, 6598 ranges are not public. Not an IP: `public`. */
export function scopeOfIp(ip: string): Scope {
  const family = isIP(ip)
  if (family === 4) {
    const [a = 0, b = 0] = ip.split('.').map(Number)
    if (a === 127) return 'loopback'
    if (a === 0 || a === 10 || a >= 224) return 'private'
    if (a === 172 && b >= 16 && b < 32) return 'private'
    if ((a === 192 && b === 168) || (a === 169 && b === 254)) return 'private'
    if (a === 100 && b >= 64 && b < 128) return 'private'
    return 'public'
  }
  if (family === 6) {
    const low = ip.toLowerCase().replace(/%.*$/, '')
    const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(low)?.[1]
    if (mapped !== undefined) return scopeOfIp(mapped)
    if (low === '::1' || /^(0+:){7}0*1$/.test(low)) return 'loopback'
    if (/^(::$|::ffff:|f[cd]|fe[89ab]|ff)/.test(low) || /^(0+:)+/.test(low)) return 'private'
    return 'public'
  }
  return 'public'
}

/** How far a hint reaches, before any name in it is resolved. */
export function scopeOfHint(hint: Hint): Scope {
  const host = hint.kind === 'url' ? hint.url.hostname.replace(/^\[|\]$/g, '') : hostOf(hint.address)
  if (/^(localhost|.*\.localhost)\.?$/i.test(host)) return 'loopback'
  if (/\.(local|lan|internal|home\.arpa)\.?$/i.test(host)) return 'private'
  return scopeOfIp(host)
}

/** The IP address or name in a multiaddr, or '' where it has none (a relay by peer id, a memory address). */
export function hostOf(address: Multiaddr): string {
  const part = address.getComponents().find((one) => /^(ip[46]|dns|dns4|dns6|dnsaddr)$/.test(one.name))
  return part?.value ?? ''
}

/**
 * Sorts hints by whether they may be followed. Hints in links come from strangers: one that points into the reader's own
 * machine or network could make the program attack it (interface.md, "Link").
 *
 * @param allowPrivate true for hints given by hand, or with `--allow-private`
 * @returns those to use, and for each other one a sentence why it is skipped
 */
export function chooseHints(texts: readonly string[], allowPrivate: boolean): { hints: Hint[]; skipped: string[] } {
  const hints: Hint[] = []
  const skipped: string[] = []
  for (const text of new Set(texts)) {
    try {
      const hint = parseHint(text)
      const scope = scopeOfHint(hint)
      if (scope === 'public' || allowPrivate) hints.push(hint)
      else skipped.push(`skipped the hint ${hint.text}: it points to a ${scope} address (--allow-private follows it)`)
    } catch (error) {
      skipped.push(`skipped a hint: ${reasonOf(error)}`)
    }
  }
  return { hints, skipped }
}

import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr, type Component, type Multiaddr } from '@multiformats/multiaddr'
import { scopeOfHost, type Scope } from './address-scope.ts'
import { NetworkError, reasonOf } from './errors.ts'

/** Where a peer may be found: a multiaddr with its peer id, or the http(s) prefix of a mirror's gateway. */
export type Hint =
  | { kind: 'peer'; text: string; address: Multiaddr; peer: string }
  | { kind: 'url'; text: string; url: URL }

/** Components of a multiaddr that name a host. `/unix/…`, `/memory/…` and `/dnsaddr/…` are nobody's hint. */
const HOSTS = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6'])

/**
 * Reads one hint.
 *
 * @param text a multiaddr that begins with a host and ends in `/p2p/<peer id>`, or an http(s) URL prefix
 * @returns the hint; its `text` is the normal form, a URL's ends in a slash
 * @throws NetworkError `bad-hint`, naming the text and what is wrong
 */
export function parseHint(text: string): Hint {
  return /^https?:/i.test(text) ? parseUrl(text) : parsePeer(text)
}

function parseUrl(text: string): Hint {
  let url: URL
  try {
    url = new URL(text)
  } catch (cause) {
    throw new NetworkError('bad-hint', `the hint ${quoted(text)} is not a URL`, { cause })
  }
  if (url.username !== '' || url.password !== '')
    throw new NetworkError('bad-hint', `the hint for ${url.host} carries a user name or password`)
  url.search = ''
  url.hash = ''
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return { kind: 'url', text: url.href, url }
}

function parsePeer(text: string): Hint {
  let address: Multiaddr
  let parts: Component[]
  try {
    address = multiaddr(text)
    parts = address.getComponents()
  } catch (cause) {
    const why = `is neither a multiaddr nor an http(s) URL (${reasonOf(cause)})`
    throw new NetworkError('bad-hint', `the hint ${quoted(text)} ${why}`, { cause })
  }
  const peer = peerOf(address)
  if (peer === null)
    throw new NetworkError('bad-hint', `the hint ${quoted(text)} names no peer: it must end in /p2p/<peer id>`)
  if (!HOSTS.has(parts.find((part) => part.name !== 'ip6zone')?.name ?? ''))
    throw new NetworkError('bad-hint', `the hint ${quoted(text)} names no host: it must begin with /ip4, /ip6 or /dns`)
  return { kind: 'peer', text: address.toString(), address, peer }
}

/** The peer id at the end of a multiaddr, in the form that PeerNode uses; null where there is none. */
export function peerOf(address: Multiaddr): string | null {
  const last = address.getComponents().at(-1)
  if (last?.name !== 'p2p' || last.value === undefined) return null
  try {
    return peerIdFromString(last.value).toString()
  } catch {
    return null // Letters that are no peer id: multiaddr takes some of them.
  }
}

/** How far a hint reaches, before any name in it is resolved. */
export function scopeOfHint(hint: Hint): Scope {
  return hint.kind === 'url' ? scopeOfHost(hostOfUrl(hint.url)) : scopeOfAddress(hint.address)
}

/** How far a multiaddr reaches: where it names several hosts, the one that is nearest to us. */
export function scopeOfAddress(address: Multiaddr): Scope {
  const scopes = hostsOf(address).map(scopeOfHost)
  if (scopes.includes('loopback')) return 'loopback'
  return scopes.includes('private') ? 'private' : 'public'
}

/** IP addresses and names in a multiaddr. */
export function hostsOf(address: Multiaddr): string[] {
  return address
    .getComponents()
    .flatMap((part) => (HOSTS.has(part.name) && part.value !== undefined ? [part.value] : []))
}

/** The host of a URL as a socket wants it, IPv6 without its brackets. */
export function hostOfUrl(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '')
}

/**
 * Sorts hints by whether they may be followed. Hints in links come from strangers: one that points into the reader's own
 * machine or network could make the program attack it (interface.md, "Link").
 *
 * @param allowPrivate true for hints given by hand, or with `--allow-private`
 * @returns those to use, each once, and for each other one a sentence why it is skipped
 */
export function chooseHints(texts: readonly string[], allowPrivate: boolean): { hints: Hint[]; skipped: string[] } {
  const hints = new Map<string, Hint>()
  const skipped: string[] = []
  for (const text of new Set(texts)) {
    try {
      const hint = parseHint(text)
      const scope = scopeOfHint(hint)
      if (scope === 'public' || allowPrivate) hints.set(hint.text, hint)
      else skipped.push(`skipped the hint ${hint.text}: it points to a ${scope} address (--allow-private follows it)`)
    } catch (error) {
      skipped.push(`skipped a hint: ${reasonOf(error)}`)
    }
  }
  return { hints: [...hints.values()], skipped }
}

/** A stranger's text on one line of bounded length. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text)
}

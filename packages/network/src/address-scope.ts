import { BlockList, isIP } from 'node:net'

/** How far an address reaches. */
export type Scope = 'loopback' | 'private' | 'public'

/** IPv4 ranges that lead to the own machine or network: RFC 1122, 1918, 3927, 6598; multicast and reserved. */
const PRIVATE_IP4 = [
  '0.0.0.0/8', // "this host": connects to loopback on Linux
  '10.0.0.0/8',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '224.0.0.0/3',
]
const LOOPBACK_IP4 = ['127.0.0.0/8']

/** IPv6 ranges that are not the public internet: RFC 4193, 4291, 3879; `::/96` holds `::` and the old IPv4-compatible form. */
const PRIVATE_IP6 = ['::/96', '64:ff9b:1::/48', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8']

const loopback = subnets([...LOOPBACK_IP4, '::1/128'])
const inside = subnets([...PRIVATE_IP4, ...PRIVATE_IP6, ...[...PRIVATE_IP4, ...LOOPBACK_IP4].flatMap(translated)])

/** How far an IP address reaches, IPv4 addresses inside IPv6 ones included. What is no IP address is `public`. */
export function scopeOfIp(ip: string): Scope {
  const family = isIP(ip)
  if (family === 0) return 'public'
  const bare = ip.replace(/%.*$/, '')
  const type = family === 4 ? 'ipv4' : 'ipv6'
  if (loopback.check(bare, type)) return 'loopback'
  return inside.check(bare, type) ? 'private' : 'public'
}

/**
 * How far a host of a URL or a multiaddr reaches. A name that is not resolved yet counts as `public` unless it can only be a
 * local one; it is checked again when it is resolved (name-lookup.ts).
 */
export function scopeOfHost(host: string): Scope {
  if (isIP(host.replace(/%.*$/, '')) !== 0) return scopeOfIp(host)
  const name = host.toLowerCase().replace(/\.$/, '')
  if (/^(?:.*\.)?localhost$/.test(name)) return 'loopback'
  if (!name.includes('.') || /\.(?:local|lan|home|corp|intranet|internal|home\.arpa)$/.test(name)) return 'private'
  return 'public'
}

function subnets(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [net = '', prefix] = range.split('/')
    list.addSubnet(net, Number(prefix), net.includes(':') ? 'ipv6' : 'ipv4')
  }
  return list
}

/** The same IPv4 range behind NAT64 (RFC 6052) and inside 6to4 (RFC 3056). */
function translated(range: string): string[] {
  const [net = '', prefix] = range.split('/')
  const [a = 0, b = 0, c = 0, d = 0] = net.split('.').map(Number)
  const [high, low] = [(a * 256 + b).toString(16), (c * 256 + d).toString(16)]
  return [`64:ff9b::${high}:${low}/${96 + Number(prefix)}`, `2002:${high}:${low}::/${16 + Number(prefix)}`]
}

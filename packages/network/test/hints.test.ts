import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scopeOfHost, scopeOfIp } from '../src/address-scope.ts'
import { chooseHints, NetworkError, parseHint, scopeOfHint } from '../src/index.ts'

const PEER = '12D3KooWQ2z2CCcH3tZKBd9kTGnLkhR4qnxX8HvjtCEqdkrHFhjK'
const at = (address: string): string => `${address}/p2p/${PEER}`

describe('a hint', () => {
  it.each([
    ['https://mirror.example', 'https://mirror.example/'],
    ['HTTPS://Mirror.Example/Secret', 'https://mirror.example/Secret/'],
    ['https://mirror.example/a/?q=1#x', 'https://mirror.example/a/'],
    ['http://[2001:db8::1]:8080/a', 'http://[2001:db8::1]:8080/a/'],
    [at('/ip4/203.0.113.7/tcp/4001'), at('/ip4/203.0.113.7/tcp/4001')],
    [at('/ip6/2001:db8::1/tcp/4001'), at('/ip6/2001:db8::1/tcp/4001')],
    [at('/dns4/mirror.example/tcp/4001'), at('/dns4/mirror.example/tcp/4001')],
  ])('%s is read as %s', (text, normal) => {
    const hint = parseHint(text)
    expect(hint.text).toBe(normal)
    expect(parseHint(hint.text)).toMatchObject({ text: normal, kind: hint.kind })
    if (hint.kind === 'peer') expect(hint.peer).toBe(PEER)
  })

  it.each([
    ['', 'names no peer'],
    ['mirror.example', 'multiaddr'],
    ['https://', 'not a URL'],
    ['https://user:pw@mirror.example/', 'user name or password'],
    ['ftp://mirror.example/', 'multiaddr'],
    ['/ip4/203.0.113.7/tcp/4001', 'names no peer'],
    ['/ip4/203.0.113.7/tcp/99999', 'multiaddr'],
    ['/ip4/203.0.113/tcp/4001', 'multiaddr'],
    ['/ip4/203.0.113.7/tcp/4001/p2p/nonsense', 'names no peer'],
    [`/p2p/${PEER}`, 'names no host'],
    [at('/unix/%2Frun%2Fdocker.sock'), 'names no host'],
    [at('/memory/1'), 'names no host'],
    [at('/dnsaddr/bootstrap.example'), 'names no host'],
    [`${at('/ip4/203.0.113.7/tcp/4001')}/p2p-circuit`, 'names no peer'],
  ])('%s is refused: %s', (text, why) => {
    expect(() => parseHint(text)).toThrow(
      expect.objectContaining({ code: 'bad-hint', message: expect.stringContaining(why) }),
    )
  })

  it('throws nothing but its own error, whatever a link holds', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '/',
        'http://',
        'https://',
        'ip4',
        'ip6',
        'ip6zone',
        'dns4',
        'unix',
        'tcp',
        'p2p',
        PEER,
        '127.0.0.1',
        '::1',
        '[',
        ']',
        '@',
        '%',
        '\u0000',
        '\uD800',
      ),
    )
    const text = fc.oneof(
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
      fc.array(piece).map((pieces) => `/${pieces.join('/')}`),
    )
    fc.assert(
      fc.property(text, (hint) => {
        try {
          const parsed = parseHint(hint)
          expect(parseHint(parsed.text).text).toBe(parsed.text)
          expect(['loopback', 'private', 'public']).toContain(scopeOfHint(parsed))
        } catch (error) {
          if (!(error instanceof NetworkError) || error.code !== 'bad-hint') throw error
          expect(error.message.length).toBeLessThan(2000)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('how far an address reaches', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['::1', 'loopback'],
    ['0:0:0:0:0:0:0:1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['0.0.0.0', 'private'],
    ['::', 'private'],
    ['10.1.2.3', 'private'],
    ['100.64.0.1', 'private'],
    ['100.128.0.1', 'public'],
    ['169.254.169.254', 'private'],
    ['172.15.0.1', 'public'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.1', 'public'],
    ['192.168.1.1', 'private'],
    ['192.169.1.1', 'public'],
    ['224.0.0.1', 'private'],
    ['255.255.255.255', 'private'],
    ['223.255.255.255', 'public'],
    ['fc00::1', 'private'],
    ['fdff::1', 'private'],
    ['fe80::1', 'private'],
    ['fe80::1%eth0', 'private'],
    ['febf::1', 'private'],
    ['fec0::1', 'private'],
    ['ff02::1', 'private'],
    ['::ffff:10.0.0.1', 'private'],
    ['::10.0.0.1', 'private'],
    ['64:ff9b::7f00:1', 'private'],
    ['64:ff9b::a00:1', 'private'],
    ['64:ff9b::808:808', 'public'],
    ['2002:7f00:1::1', 'private'],
    ['2002:c0a8:101::', 'private'],
    ['2002:808:808::1', 'public'],
    ['2001:4860:4860::8888', 'public'],
    ['8.8.8.8', 'public'],
  ])('%s is %s', (ip, scope) => {
    expect(scopeOfIp(ip)).toBe(scope)
  })

  it.each([
    ['localhost', 'loopback'],
    ['LOCALHOST.', 'loopback'],
    ['a.localhost', 'loopback'],
    ['router', 'private'],
    ['nas.local', 'private'],
    ['box.home.arpa.', 'private'],
    ['db.internal', 'private'],
    ['mirror.example', 'public'],
    ['local.example', 'public'],
  ])('the name %s is %s until it is resolved', (name, scope) => {
    expect(scopeOfHost(name)).toBe(scope)
  })

  it.each([
    ['http://2130706433/', 'loopback'],
    ['http://0x7f.1/', 'loopback'],
    ['http://[::ffff:127.0.0.1]/', 'loopback'],
    ['https://10.0.0.1/', 'private'],
    ['https://mirror.example/', 'public'],
    [at('/ip4/127.0.0.1/tcp/1'), 'loopback'],
    [at('/ip6zone/eth0/ip6/fe80::1/tcp/1'), 'private'],
    [at('/dns4/localhost/tcp/1'), 'loopback'],
    [at(`${at('/dns4/mirror.example/tcp/1')}/p2p-circuit/ip4/127.0.0.1/tcp/2`), 'loopback'],
    [at('/dns6/mirror.example/tcp/1'), 'public'],
  ])('the hint %s is %s', (text, scope) => {
    expect(scopeOfHint(parseHint(text))).toBe(scope)
  })
})

it('hints of a stranger are sorted, each once, with a word for those left out', () => {
  const texts = [
    'https://mirror.example',
    'https://mirror.example/',
    at('/ip4/127.0.0.1/tcp/1'),
    at('/ip4/203.0.113.7/tcp/1'),
    'nonsense',
  ]
  const { hints, skipped } = chooseHints(texts, false)
  expect(hints.map((hint) => hint.text)).toEqual(['https://mirror.example/', at('/ip4/203.0.113.7/tcp/1')])
  expect(skipped).toEqual([
    `skipped the hint ${at('/ip4/127.0.0.1/tcp/1')}: it points to a loopback address (--allow-private follows it)`,
    expect.stringContaining('skipped a hint: the hint "nonsense" is neither a multiaddr'),
  ])
  expect(chooseHints(texts, true).hints).toHaveLength(3)
})

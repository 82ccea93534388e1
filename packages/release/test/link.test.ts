/** Links from strangers and to friends (interface.md, "Link"). */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatLink, parseLink, type Link } from '../src/index.ts'

const ADDRESS = 'bagaaierawutgvhsox23roani7wukra66djn5z2kjgw3u4ero32eenzrliasq'
const link = (parts: Partial<Link> = {}): Link => ({ address: ADDRESS, path: '', hints: [], ...parts })
const parsed = (text: string): Link | string => {
  const answer = parseLink(text)
  return answer.ok ? answer.link : answer.reason
}

describe('a link', () => {
  it.each([
    ['an address alone', `holdfast:${ADDRESS}`, link()],
    ['capitals in its scheme', `HoldFast:${ADDRESS}`, link()],
    ['a slash at its end', `holdfast:${ADDRESS}/`, link()],
    ['a path', `holdfast:${ADDRESS}/a/b%20c`, link({ path: 'a/b c' })],
    ['a path with a slash at its end', `holdfast:${ADDRESS}/a/`, link({ path: 'a' })],
    [
      'hints',
      `holdfast:${ADDRESS}?via=/ip4/1.2.3.4/tcp/1&via=https://x.example`,
      link({ hints: ['/ip4/1.2.3.4/tcp/1', 'https://x.example'] }),
    ],
    ['a hint twice, and an empty one', `holdfast:${ADDRESS}?via=a&via=a&via=`, link({ hints: ['a'] })],
    ['a name', `holdfast:${ADDRESS}?name=%E5%90%8D`, link({ name: '名' })],
    ['two names, of which the first counts', `holdfast:${ADDRESS}?name=a&name=b`, link({ name: 'a' })],
    ['a name that cannot be shown', `holdfast:${ADDRESS}?name=${'x'.repeat(201)}`, link()],
    ['fields of a later time and a fragment', `holdfast:${ADDRESS}/a?x=1&y#via=b`, link({ path: 'a' })],
    ['nothing after the question mark', `holdfast:${ADDRESS}?`, link()],
  ])('may have %s', (_what, text, expected) => expect(parsed(text)).toEqual(expected))

  it.each([
    ['another scheme', `ipfs:${ADDRESS}`, 'begins with holdfast:'],
    ['no address', 'holdfast:', 'address'],
    ['half an address', `holdfast:${ADDRESS.slice(0, -1)}`, 'address'],
    ['an address in capitals', `holdfast:${ADDRESS.toUpperCase()}`, 'address'],
    ['a CID that is no address', 'holdfast:bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy', 'address'],
    ['a path that leads up', `holdfast:${ADDRESS}/a/../b`, 'path'],
    ['the same, disguised', `holdfast:${ADDRESS}/a/%2e%2e/b`, 'path'],
    ['a path that stays', `holdfast:${ADDRESS}/./b`, 'path'],
    ['an empty name in its path', `holdfast:${ADDRESS}/a//b`, 'path'],
    ['a slash inside a name', `holdfast:${ADDRESS}/a%2Fb`, 'path'],
    ['a control character in its path', `holdfast:${ADDRESS}/a%00b`, 'path'],
    ['half an escape in its path', `holdfast:${ADDRESS}/a%`, 'path'],
    ['half an escape in its hints', `holdfast:${ADDRESS}?via=%`, 'after ?'],
    ['a control character in its hints', `holdfast:${ADDRESS}?via=%0a`, 'after ?'],
    [
      'seventeen hints',
      `holdfast:${ADDRESS}?${Array.from({ length: 17 }, (_, i) => `via=${i}`).join('&')}`,
      '16 hints',
    ],
    ['more characters than a link has', `holdfast:${ADDRESS}?name=${'x'.repeat(5000)}`, 'characters'],
  ])('may not have %s', (_what, text, reason) => expect(parsed(text)).toContain(reason))

  it('is read as it was written', () => {
    const name = fc.string({ minLength: 1, maxLength: 20 })
    const links = fc.record({ path: fc.array(name, { maxLength: 4 }), hints: fc.uniqueArray(name, { maxLength: 4 }) })
    fc.assert(
      fc.property(links, ({ path, hints }) => {
        const whole = link({ path: path.join('/'), hints })
        let text: string
        try {
          text = formatLink(whole)
        } catch {
          return // It holds something that no link can.
        }
        expect(parsed(text)).toEqual(whole)
      }),
    )
    expect(
      formatLink(link({ path: 'a b/ü', hints: ['/ip4/1.2.3.4/tcp/1', 'https://x.example/a?b=c'], name: '名 &' })),
    ).toBe(
      `holdfast:${ADDRESS}/a%20b/%C3%BC?via=/ip4/1.2.3.4/tcp/1&via=https://x.example/a%3Fb%3Dc&name=%E5%90%8D%20%26`,
    )
  })

  it.each([
    ['a path that leads up', { path: '../a' }],
    ['an empty name', { path: 'a//b' }],
    ['a hint twice', { hints: ['a', 'a'] }],
    ['an empty hint', { hints: [''] }],
    ['half a surrogate pair', { path: '\uD800' }],
    ['a name that cannot be shown', { name: '' }],
    ['another address', { address: 'abc' }],
  ])('is not written with %s', (_what, parts) =>
    expect(() => formatLink(link(parts))).toThrow(expect.objectContaining({ code: 'bad-argument' })),
  )

  it('is not written longer than it may be', () => {
    expect(() => formatLink(link({ path: 'x'.repeat(5000) }))).toThrow(expect.objectContaining({ code: 'too-large' }))
  })
})

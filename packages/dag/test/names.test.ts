import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkName } from '../src/index.ts'
import { hashOfName } from '../src/shard-labels.ts'
import { compareNames } from '../src/names.ts'

describe('checkName', () => {
  it.each([
    'a',
    '...',
    ' ',
    '.git',
    '名单（更新）.xlsx',
    '😀',
    'new\nline',
    '-rf',
    'a:b',
    'CON',
    'a'.repeat(255),
    '长'.repeat(85),
  ])('takes %j', (name) => {
    expect(() => checkName(name)).not.toThrow()
  })

  it.each([
    '',
    '.',
    '..',
    '/',
    'a/b',
    '../a',
    'a\\b',
    '..\\a',
    'a\0',
    'a'.repeat(256),
    '长'.repeat(86),
    '\u{D800}',
    '\u{FEFF}a',
  ])('refuses %j', (name) => {
    expect(() => checkName(name)).toThrow(expect.objectContaining({ name: 'DagError', code: 'unsafe-name' }))
  })

  it('shows a name without letting it rule the terminal', () => {
    expect(() => checkName('\u{1B}[2J\u{9B}\u{202E}/')).toThrow(/^[\u{20}-\u{7E}\u{FFFD}]+$/u)
  })
})

describe('compareNames', () => {
  it('orders as the UTF-8 bytes do', () => {
    const names = fc.string({ unit: fc.constantFrom('a', 'B', '名', '\u{E000}', '\u{FFFD}', '😀', '𠀀'), maxLength: 5 })
    fc.assert(
      fc.property(names, names, (one, other) => {
        const expected = Buffer.compare(Buffer.from(one), Buffer.from(other))
        expect(Math.sign(compareNames(one, other))).toBe(expected)
      }),
    )
  })
})

describe('the hash of a name', () => {
  /** Made by murmur364 of @multiformats/murmur3 2.2.8, for each length of the tail. */
  it.each([
    ['', '0000000000000000'],
    ['a', '85555565f6597889'],
    ['index.html', 'a06d7ec87879381d'],
    ['fifteen bytes !', '451c992d7e74f2cc'],
    ['sixteen bytes !!', '06529e6ec860fdd5'],
    ['seventeen bytes !', 'e22968d8dad416ce'],
    ['名单（更新）.xlsx', 'df85c11f3b5feb28'],
    ['a name that is a good deal longer than two words of sixteen bytes', '241e997bc20c3da2'],
  ])('of %j', (name, hash) => {
    expect(hashOfName(name).toString(16).padStart(16, '0')).toBe(hash)
  })
})

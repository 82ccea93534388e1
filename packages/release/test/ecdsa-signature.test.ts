/** DER signatures that are none are no reason to fail, and never another signature (RFC 3279, 2.2.3). */
import { expect, it } from 'vitest'
import { derToFixedWidth } from '../src/ecdsa-signature.ts'

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values)

it('two integers stand side by side, each filled up with zeros', () => {
  expect(derToFixedWidth(bytes(0x30, 6, 2, 1, 5, 2, 1, 7), 4)).toEqual(bytes(0, 0, 0, 5, 0, 0, 0, 7))
  // A zero before a first bit that is set keeps the number positive.
  expect(derToFixedWidth(bytes(0x30, 8, 2, 3, 0, 0x80, 1, 2, 1, 7), 2)).toEqual(bytes(0x80, 1, 0, 7))
})

it.each([
  ['nothing', bytes(), 'sequence'],
  ['another tag', bytes(0x31, 6, 2, 1, 5, 2, 1, 7), 'sequence'],
  ['a length that lies', bytes(0x30, 7, 2, 1, 5, 2, 1, 7), 'sequence'],
  ['bytes after it', bytes(0x30, 7, 2, 1, 5, 2, 1, 7, 9), 'after'],
  ['no integer', bytes(0x30, 6, 3, 1, 5, 2, 1, 7), 'integer'],
  ['no second integer', bytes(0x30, 3, 2, 1, 5), 'integer'],
  ['an empty integer', bytes(0x30, 5, 2, 0, 2, 1, 7), 'integer'],
  ['an integer that is cut off', bytes(0x30, 6, 2, 1, 5, 2, 9, 7), 'cut off'],
  ['an integer that is too long', bytes(0x30, 8, 2, 3, 1, 2, 3, 2, 1, 7), 'too long'],
])('%s is refused', (_what, der, reason) => {
  expect(() => derToFixedWidth(der, 2)).toThrow(new RegExp(reason))
})

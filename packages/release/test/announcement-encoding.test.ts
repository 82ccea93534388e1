/** The reader of announcements takes what dag-cbor writes for them, and no other spelling. */
import * as dagCbor from '@ipld/dag-cbor'
import * as fc from 'fast-check'
import { equals } from 'multiformats/bytes'
import { expect, it } from 'vitest'
import { parseAnnouncement } from '../src/index.ts'

const part = fc.uint8Array({ maxLength: 300 })
const parts = fc.record({
  roots: fc.array(part, { minLength: 1, maxLength: 30 }),
  timestamp: part,
  snapshot: part,
  targets: part,
})

/** The same judgement by the library: decoded, of the right shape, and equal when encoded again. */
function isCanonical(bytes: Uint8Array): boolean {
  try {
    const { v, roots, timestamp, snapshot, targets, ...rest } = dagCbor.decode<Record<string, unknown>>(bytes)
    const fields = [timestamp, snapshot, targets, ...(roots as unknown[])]
    if (v !== 1 || Object.keys(rest).length > 0 || (roots as unknown[]).length === 0) return false
    if (!fields.every((field) => field instanceof Uint8Array)) return false
    return equals(dagCbor.encode({ v, roots, timestamp, snapshot, targets }), bytes)
  } catch {
    return false
  }
}

it('what was encoded is read as it was', () => {
  fc.assert(
    fc.property(parts, (announcement) => {
      const parsed = parseAnnouncement(dagCbor.encode({ v: 1, ...announcement }))
      expect(parsed).toEqual({ ok: true, announcement })
    }),
  )
})

it('long parts are read too', () => {
  const announcement = {
    roots: [new Uint8Array(60_000)],
    timestamp: new Uint8Array(255),
    snapshot: new Uint8Array(256),
    targets: new Uint8Array(65_536),
  }
  expect(parseAnnouncement(dagCbor.encode({ v: 1, ...announcement }))).toEqual({ ok: true, announcement })
})

it('after any change of a byte, a cut or an addition it agrees with the library about what is canonical', () => {
  const change = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat(4), more: fc.uint8Array({ maxLength: 2 }) })
  // Few bytes, so that the heads are hit often.
  const small = fc.record({ roots: fc.array(fc.uint8Array({ maxLength: 2 }), { maxLength: 2 }) })
  fc.assert(
    fc.property(small, change, ({ roots }, { at, byte, cut, more }) => {
      const empty = new Uint8Array()
      const whole = dagCbor.encode({ v: 1, roots, timestamp: empty, snapshot: empty, targets: empty })
      const bytes = new Uint8Array([
        ...whole.subarray(0, whole.length - (cut === 1 ? 1 : 0)),
        ...(cut === 2 ? more : []),
      ])
      bytes[at % bytes.length] = byte
      expect(parseAnnouncement(bytes).ok).toBe(isCanonical(bytes))
    }),
    { numRuns: 3000 },
  )
})

it.each([
  ['a length in more bytes than it needs', [0xb8, 5]],
  ['a length of eight bytes', [0xbb, 0, 0, 0, 0, 0, 0, 0, 5]],
  ['a map without end', [0xbf]],
])('%s is refused', (_what, head) => {
  const empty = new Uint8Array()
  const whole = dagCbor.encode({ v: 1, roots: [empty], timestamp: empty, snapshot: empty, targets: empty })
  expect(parseAnnouncement(new Uint8Array([...head, ...whole.subarray(1)])).ok).toBe(false)
})

it('a list that claims more parts than there are bytes is refused at once', () => {
  const empty = new Uint8Array()
  const whole = [...dagCbor.encode({ v: 1, roots: [empty], timestamp: empty, snapshot: empty, targets: empty })]
  const at = whole.indexOf(0x81)
  whole.splice(at, 1, 0x9a, 0xff, 0xff, 0xff, 0xff)
  expect(parseAnnouncement(new Uint8Array(whole)).ok).toBe(false)
})

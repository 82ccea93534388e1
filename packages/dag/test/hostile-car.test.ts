/** CARs from strangers: cut, endless, of the wrong version, with lengths that lie. */
import { describe, expect, it } from 'vitest'
import { readCar, writeCar } from '../src/index.ts'
import { collect, joined, MemoryBlocks } from './memory-blocks.ts'

const limits = { maxBlockBytes: 1000 }
const blocks = new MemoryBlocks()
const block = (text: string): { cid: ReturnType<typeof blocks.raw>; bytes: Uint8Array } => ({
  cid: blocks.raw(text),
  bytes: new TextEncoder().encode(text),
})
const good = await joined(writeCar([], [block('one'), block('two')]))
const header = await joined(writeCar([], []))

/** @param cbor of the header, in hexadecimal; text is 6x and its letters, lists are 8x, maps ax */
function withHeader(cbor: string): Uint8Array {
  const bytes = Buffer.from(cbor, 'hex')
  return Buffer.concat([Uint8Array.of(bytes.byteLength), bytes])
}

const VERSION = Buffer.from('gversion').toString('hex')
const ROOTS = Buffer.from('eroots').toString('hex')

async function codeOf(bytes: Uint8Array): Promise<unknown> {
  return await collect(readCar(ReadableStream.from([bytes]), limits)).then(
    () => 'read',
    (error: { code: string }) => error.code,
  )
}

it('the headers below are made like one that is read', async () => {
  expect(await codeOf(withHeader(`a2${ROOTS}80${VERSION}01`))).toBe('read')
})

describe('readCar', () => {
  it('refuses a CAR that is cut anywhere but between blocks', async () => {
    const ends = new Set([header.length, header.length + 1 + 36 + 3, good.length])
    for (let end = 0; end <= good.length; end++)
      expect(await codeOf(good.subarray(0, end)), `cut at ${end}`).toBe(ends.has(end) ? 'read' : 'bad-car')
  })

  it.each([
    ['version 2', withHeader(`a1${VERSION}02`)],
    ['version 3', withHeader(`a2${ROOTS}80${VERSION}03`)],
    ['no roots', withHeader(`a1${VERSION}01`)],
    ['roots that are none', withHeader(`a2${ROOTS}816161${VERSION}01`)],
    ['a header that is a list', withHeader('8101')],
    ['a header of no length', Uint8Array.of(0)],
    [
      'a header nested without end',
      Buffer.concat([Uint8Array.of(0x80, 0xf4, 0x03), new Uint8Array(64_000).fill(0x81)]),
    ],
    ['a header longer than any', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f)],
    ['a block longer than any', Buffer.concat([header, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0x0f)])],
    ['a length that never ends', Buffer.concat([header, new Uint8Array(20).fill(0xff)])],
    ['a block of no length', Buffer.concat([header, Uint8Array.of(0)])],
    ['a block shorter than its CID', Buffer.concat([header, Uint8Array.of(10), block('one').cid.bytes])],
    [
      'a CID that is all of the block',
      Buffer.concat([header, Uint8Array.of(0x86, 0x02, 1, 0x55, 0, 0x81, 0x02), new Uint8Array(257)]),
    ],
  ])('refuses %s', async (_, bytes) => {
    expect(await codeOf(bytes)).toBe('bad-car')
  })

  it('refuses a block that is larger than allowed, and takes one that just fits', async () => {
    expect(await codeOf(await joined(writeCar([], [block('x'.repeat(1000))])))).toBe('read')
    expect(await codeOf(await joined(writeCar([], [block('x'.repeat(1001))])))).toBe('bad-car')
  })

  it('does not wait for the end of a block that is too large', async () => {
    let sent = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.concat([header, Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x04)]))
      for (;;) {
        sent += 1000
        yield new Uint8Array(1000)
      }
    }
    await expect(collect(readCar(endless(), limits))).rejects.toMatchObject({ code: 'bad-car' })
    expect(sent).toBeLessThan(10_000)
  })
})

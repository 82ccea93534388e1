/** 256 KiB each of what decoders like least. Run as a thread, decodes all of it and says how often. */
import { parentPort, workerData } from 'node:worker_threads'
import { parseAnnouncement } from '../src/announcement.ts'
import { MAX_ANNOUNCEMENT_BYTES } from '../src/limits.ts'
import { parseRoot, parseSnapshot, parseTargets, parseTimestamp } from '../src/metadata.ts'
import { parseProposal } from '../src/proposal.ts'

const SIZE = MAX_ANNOUNCEMENT_BYTES
const utf8 = new TextEncoder()

/** By name. They throw a refusal, or return why not. */
export const DECODERS: ReadonlyMap<string, (bytes: Uint8Array) => unknown> = new Map<
  string,
  (b: Uint8Array) => unknown
>([
  ['announcement', parseAnnouncement],
  ['proposal', parseProposal],
  ['root', parseRoot],
  ['timestamp', parseTimestamp],
  ['snapshot', parseSnapshot],
  ['targets', parseTargets],
])

export const HOSTILE_BYTES: ReadonlyMap<string, Uint8Array> = new Map([
  ['nothing but zeros', new Uint8Array(SIZE)],
  ['JSON arrays without end', utf8.encode('['.repeat(SIZE))],
  ['JSON objects without end', utf8.encode('{"a":'.repeat(SIZE / 5))],
  ['a JSON number without end', utf8.encode('9'.repeat(SIZE))],
  ['a JSON text of escapes', utf8.encode(`"${String.raw`\u0041`.repeat(SIZE / 6 - 1)}"`)],
  ['signed: as many empty objects as fit', signed(repeat('{}'))],
  ['signed: as many numbers as fit', signed(repeat('1'))],
  ['signed: as many fields as fit', signed(`{${fields(SIZE)}}`)],
  ['signed: one text', signed(`"${String.raw`\"`.repeat(SIZE / 2 - 2000)}"`)],
  ['signed: deep nesting', signed('['.repeat(SIZE / 2 - 2000) + ']'.repeat(SIZE / 2 - 2000))],
  ['signed: as many targets as fit', signed('0', `"targets":{${fields(SIZE, '{"length":1,"hashes":{"a":""}}')}}`)],
  ['signed: as many records as fit', signed('0', `"meta":{${fields(SIZE, '{"version":1}')}}`)],
  ['as many signatures as fit', utf8.encode(`{"signed":{},"signatures":${repeat('{"keyid":"","sig":""}')}}`)],
  ['CBOR arrays without end', new Uint8Array(SIZE).fill(0x81)],
  ['CBOR maps without end', new Uint8Array(SIZE).fill(0xa1)],
  ['CBOR tags without end', new Uint8Array(SIZE).fill(0xc1)],
  ['a CBOR array that claims 2^32 items', new Uint8Array(SIZE).fill(0x9b, 0, 1).fill(0xff, 1, 9)],
  ['CBOR bytes that claim 2^53', Uint8Array.from({ length: SIZE }, (_, i) => (i === 0 ? 0x5b : i < 4 ? 0 : 0x1f))],
  ['a CBOR array of empty arrays', cborArray(0x80)],
  ['a CBOR array of empty texts', cborArray(0x60)],
])

/** @param value of an unknown field of signed metadata that is right otherwise */
function signed(value: string, more = '"targets":{}'): Uint8Array {
  const head = '"_type":"targets","spec_version":"1.0.31","version":1,"expires":"2030-01-01T00:00:00Z"'
  return utf8.encode(`{"signatures":[],"signed":{${head},${more},"x":${value}}}`.slice(0, SIZE))
}

function repeat(item: string): string {
  return `[${`${item},`.repeat((SIZE - 2000) / (item.length + 1))}${item}]`
}

function fields(size: number, value = '0'): string {
  const count = Math.floor((size - 2000) / (value.length + 9))
  return Array.from({ length: count }, (_, i) => `"${String(i).padStart(5, '0')}":${value}`).join(',')
}

function cborArray(item: number): Uint8Array {
  const bytes = new Uint8Array(SIZE).fill(item)
  new DataView(bytes.buffer).setUint8(0, 0x9a)
  new DataView(bytes.buffer).setUint32(1, SIZE - 5)
  return bytes
}

function decodeAll(): number {
  let count = 0
  for (const bytes of HOSTILE_BYTES.values()) {
    for (const decode of DECODERS.values()) {
      try {
        decode(bytes)
      } catch {
        // The other test looks at what is thrown.
      }
      count++
    }
  }
  return count
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
if (workerData === 'decode all') parentPort?.postMessage(decodeAll())

import { varint } from 'multiformats'
import { SHARD_BITS } from '../limits.ts'

/**
 * The `Data` message of UnixFS (UnixFS specification, "Data"), byte for byte as Kubo writes it. Written by hand because
 * ipfs-unixfs 13.1.1 encodes sizes from 2 GiB to 4 GiB wrongly (it takes the highest bit for a sign).
 */
const TYPE_DIRECTORY = 1
const TYPE_FILE = 2
const TYPE_SHARD = 5

/** Multicodec murmur3-x64-64. */
const HASH_TYPE = 0x22

/** Field numbers of the message. */
const TYPE = 1
const DATA = 2
const FILE_SIZE = 3
const BLOCK_SIZES = 4
const HASH = 5
const FANOUT = 6

export function directoryData(): Uint8Array {
  return message([numberField(TYPE, TYPE_DIRECTORY)])
}

/** @param partSizes bytes of content below each link */
export function fileData(partSizes: readonly number[]): Uint8Array {
  const size = partSizes.reduce((sum, part) => sum + part, 0)
  const parts = partSizes.map((part) => numberField(BLOCK_SIZES, part))
  return message([numberField(TYPE, TYPE_FILE), numberField(FILE_SIZE, size), ...parts])
}

/** @param positions of the links, ascending; at least one */
export function shardData(positions: readonly number[]): Uint8Array {
  const fanout = 2 ** SHARD_BITS
  const bits = new Uint8Array(fanout / 8) // Big-endian: position 0 is the lowest bit of the last byte.
  for (const position of positions) {
    const at = bits.length - 1 - Math.floor(position / 8)
    bits[at] = (bits[at] ?? 0) | (1 << (position % 8))
  }
  const bitfield = bits.subarray(bits.findIndex((byte) => byte !== 0))
  return message([
    numberField(TYPE, TYPE_SHARD),
    bytesField(DATA, bitfield),
    numberField(HASH, HASH_TYPE),
    numberField(FANOUT, fanout),
  ])
}

/** A protobuf field of wire type 0. */
function numberField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(1 + varint.encodingLength(value))
  bytes[0] = field << 3
  varint.encodeTo(value, bytes, 1)
  return bytes
}

/** A protobuf field of wire type 2, shorter than 128 bytes. */
function bytesField(field: number, value: Uint8Array): Uint8Array {
  return message([Uint8Array.of((field << 3) | 2, value.byteLength), value])
}

function message(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}

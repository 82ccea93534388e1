import { murmur3 } from './murmur3.ts'
import { NAME_HASH_BITS } from './limits.ts'

const encoder = new TextEncoder()

/** The hash that decides where a name stands in a sharded directory. */
export function hashOfName(name: string): bigint {
  return murmur3(encoder.encode(name))
}

/** Levels until a hash is used up. Names that agree in all of it cannot stand in one directory. */
export function shardLevels(bits: number): number {
  return Math.floor(NAME_HASH_BITS / bits)
}

/** Where a name stands in the node at that depth (0 is the root): the next bits of its hash, highest first. */
export function shardPosition(hash: bigint, depth: number, bits: number): number {
  return Number(BigInt.asUintN(bits, hash >> BigInt(NAME_HASH_BITS - bits * (depth + 1))))
}

/** What a link's name begins with: the position in hexadecimal. A link that has nothing more leads to a sub-shard. */
export function shardLabel(position: number, bits: number): string {
  return position.toString(16).toUpperCase().padStart(labelLength(bits), '0')
}

export function labelLength(bits: number): number {
  return Math.ceil(bits / 4)
}

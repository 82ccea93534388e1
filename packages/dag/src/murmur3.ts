const C1 = 0x87c37b91114253d5n
const C2 = 0x4cf5ad432745937fn
const WORD_PAIR = 16

/**
 * murmur3-x64-64: the first half of MurmurHash3_x64_128 with seed 0, which places names in sharded directories (UnixFS
 * specification, "HAMT"). No cryptographic hash: a stranger can choose names that collide.
 */
export function murmur3(bytes: Uint8Array): bigint {
  const whole = bytes.byteLength - (bytes.byteLength % WORD_PAIR)
  // Zeros after the tail change nothing: they mix to zero.
  const padded = new Uint8Array(whole + WORD_PAIR)
  padded.set(bytes)
  const words = new DataView(padded.buffer)
  let h1 = 0n
  let h2 = 0n
  for (let at = 0; at < whole; at += WORD_PAIR) {
    h1 = u64((rotate(h1 ^ mixFirst(words.getBigUint64(at, true)), 27n) + h2) * 5n + 0x52dce729n)
    h2 = u64((rotate(h2 ^ mixSecond(words.getBigUint64(at + 8, true)), 31n) + h1) * 5n + 0x38495ab5n)
  }
  const length = BigInt(bytes.byteLength)
  h1 ^= mixFirst(words.getBigUint64(whole, true)) ^ length
  h2 ^= mixSecond(words.getBigUint64(whole + 8, true)) ^ length
  h1 = u64(h1 + h2)
  h2 = u64(h2 + h1)
  return u64(finish(h1) + finish(h2))
}

function mixFirst(word: bigint): bigint {
  return u64(rotate(u64(word * C1), 31n) * C2)
}

function mixSecond(word: bigint): bigint {
  return u64(rotate(u64(word * C2), 33n) * C1)
}

function finish(hash: bigint): bigint {
  let mixed = u64((hash ^ (hash >> 33n)) * 0xff51afd7ed558ccdn)
  mixed = u64((mixed ^ (mixed >> 33n)) * 0xc4ceb9fe1a85ec53n)
  return mixed ^ (mixed >> 33n)
}

function rotate(word: bigint, bits: bigint): bigint {
  return u64(word << bits) | (word >> (64n - bits))
}

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}

/**
 * noise's ciphers with keys that OpenSSL has parsed once (Noise Protocol Framework, 12.3). @libp2p/noise 17 hands the raw key
 * to node:crypto with every frame of 64 KiB, and that takes a quarter of the time that a frame costs.
 */
import crypto, { type KeyObject } from 'node:crypto'
import type { ICryptoInterface } from '@libp2p/noise'
import { defaultCrypto } from '@libp2p/noise/crypto'
import { Uint8ArrayList } from 'uint8arraylist'

type Bytes = Uint8Array | Uint8ArrayList

const CIPHER = 'chacha20-poly1305'
const TAG_BYTES = 16
/** Below, WebAssembly is faster: measured by the authors of @libp2p/noise (crypto/index.js). */
const SMALL_BYTES = 1200

/** A session keeps the array of its key as long as it lasts. */
const keys = new WeakMap<Uint8Array, KeyObject>()

export const noiseCrypto: ICryptoInterface = {
  ...defaultCrypto,

  chaCha20Poly1305Encrypt(plaintext, nonce, ad, k) {
    if (plaintext.byteLength < SMALL_BYTES) return defaultCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, ad, k)
    const cipher = crypto.createCipheriv(CIPHER, keyOf(k), nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(ad, { plaintextLength: plaintext.byteLength })
    const output = new Uint8ArrayList()
    for (const part of partsOf(plaintext)) output.append(cipher.update(part))
    cipher.final()
    output.append(cipher.getAuthTag())
    return output
  },

  /** @throws Error when the tag is not right */
  chaCha20Poly1305Decrypt(ciphertext, nonce, ad, k, dst) {
    if (ciphertext.byteLength < SMALL_BYTES) return defaultCrypto.chaCha20Poly1305Decrypt(ciphertext, nonce, ad, k, dst)
    const end = ciphertext.byteLength - TAG_BYTES
    const decipher = crypto.createDecipheriv(CIPHER, keyOf(k), nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(ad, { plaintextLength: end })
    decipher.setAuthTag(ciphertext.subarray(end))
    const output = new Uint8ArrayList()
    const text = ciphertext instanceof Uint8Array ? ciphertext.subarray(0, end) : ciphertext.sublist(0, end)
    for (const part of partsOf(text)) output.append(decipher.update(part))
    decipher.final()
    return output
  },
}

function partsOf(bytes: Bytes): Iterable<Uint8Array> {
  return bytes instanceof Uint8Array ? [bytes] : bytes
}

function keyOf(raw: Uint8Array): KeyObject {
  let key = keys.get(raw)
  if (key === undefined) {
    key = crypto.createSecretKey(raw)
    keys.set(raw, key)
  }
  return key
}

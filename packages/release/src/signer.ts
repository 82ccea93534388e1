/** A maintainer's key at work. Where it is kept and how it is locked is the program's matter. */
import { fromHex, toHex } from 'multiformats/bytes'
import { forWebCrypto } from './digest.ts'
import { ReleaseError } from './errors.ts'
import { ed25519KeyObject, keyIdOf } from './keys.ts'

export interface Signer {
  /** Ed25519, 64 hex characters. */
  readonly publicKey: string
  /** SHA-256 of the canonical key object, hex. */
  readonly keyId: string
  /** @returns the 64 bytes of an Ed25519 signature */
  sign(bytes: Uint8Array): Promise<Uint8Array>
}

const SEED_BYTES = 32
/** PKCS#8 around a bare Ed25519 seed (RFC 8410, 7): WebCrypto takes no other form of it. */
const PKCS8_PREFIX = fromHex('302e020100300506032b657004220420')

/**
 * @param seed 32 random bytes, the whole private key; not kept here, so the caller may overwrite them afterwards
 * @throws ReleaseError 'bad-argument' for any other length
 */
export async function signerFromSeed(seed: Uint8Array): Promise<Signer> {
  if (seed.length !== SEED_BYTES) throw new ReleaseError('bad-argument', `a seed has ${SEED_BYTES} bytes`)
  const pkcs8 = new Uint8Array(PKCS8_PREFIX.length + SEED_BYTES)
  pkcs8.set(PKCS8_PREFIX)
  pkcs8.set(seed, PKCS8_PREFIX.length)
  const publicKey = await publicKeyOf(pkcs8)
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign'])
  pkcs8.fill(0)
  return {
    publicKey,
    keyId: await keyIdOf(ed25519KeyObject(publicKey)),
    sign: async (bytes) => new Uint8Array(await crypto.subtle.sign('Ed25519', key, forWebCrypto(bytes))),
  }
}

async function publicKeyOf(pkcs8: Uint8Array<ArrayBuffer>): Promise<string> {
  // Only an extractable key tells its public half, as a JWK; the one that signs is not extractable.
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', true, ['sign'])
  const { x } = await crypto.subtle.exportKey('jwk', key)
  if (x === undefined) throw new ReleaseError('bad-argument', 'this engine tells no public key')
  return toHex(Uint8Array.from(atob(x.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0)))
}

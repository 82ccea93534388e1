/** Keys of every kind that TUF clients know, for repositories that are no archives of ours. */
import { createECDH, createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject, SignKeyObjectInput } from 'node:crypto'
import { canonicalText, type Statement } from './forgery.ts'

export interface TufKey {
  /** Key id: SHA-256 of the canonical KEY object, hex. */
  readonly id: string
  /** The KEY object of TUF metadata. */
  readonly object: Statement
  /** @returns the signature, hex */
  sign(bytes: Uint8Array): string
}

export type TufKeyKind = 'ed25519' | 'p256' | 'p384' | 'rsa'

/** PKCS #8 of an ed25519 key, up to its 32 bytes. */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** @returns the same key for the same number; RSA alone is another one in each process, for it cannot be derived */
export function tufKey(kind: TufKeyKind, seed: number): TufKey {
  if (kind === 'ed25519') {
    const secret = Buffer.concat([ED25519_PKCS8, createHash('sha256').update(`ed25519 ${seed}`).digest()])
    const key = createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' })
    const text = createPublicKey(key).export({ format: 'jwk' }).x ?? ''
    return made('ed25519', 'ed25519', Buffer.from(text, 'base64url').toString('hex'), null, key)
  }
  if (kind === 'rsa') {
    const { privateKey, publicKey } = rsaPair()
    const padded = { key: privateKey, padding: 6, saltLength: 32 }
    return made('rsa', 'rsassa-pss-sha256', pem(publicKey), 'sha256', padded)
  }
  const [curve, crv, hash] = kind === 'p256' ? ['prime256v1', 'P-256', 'sha256'] : ['secp384r1', 'P-384', 'sha384']
  const pair = createECDH(curve)
  pair.setPrivateKey(createHash(hash).update(`${kind} ${seed}`).digest())
  const point = pair.getPublicKey().subarray(1)
  const half = point.length / 2
  const x = point.subarray(0, half).toString('base64url')
  const y = point.subarray(half).toString('base64url')
  const d = pair.getPrivateKey().toString('base64url')
  const key = createPrivateKey({ key: { kty: 'EC', crv, x, y, d }, format: 'jwk' })
  return made('ecdsa', `ecdsa-sha2-nistp${kind.slice(1)}`, pem(createPublicKey(key)), hash, key)
}

function made(
  keytype: string,
  scheme: string,
  text: string,
  hash: string | null,
  secret: KeyObject | SignKeyObjectInput,
): TufKey {
  const object = { keytype, scheme, keyval: { public: text } }
  return {
    id: createHash('sha256').update(canonicalText(object)).digest('hex'),
    object,
    sign: (bytes) => sign(hash, bytes, secret).toString('hex'),
  }
}

function pem(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'spki' }).toString()
}

let made2048: { privateKey: KeyObject; publicKey: KeyObject } | null = null

function rsaPair(): { privateKey: KeyObject; publicKey: KeyObject } {
  made2048 ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
  return made2048
}

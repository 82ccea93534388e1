/** Public keys of TUF metadata and the check of one signature, by WebCrypto (TUF 4.2, "keytype" and "scheme"). */
import { fromHex, toHex } from 'multiformats/bytes'
import { canonicalBytes } from './canonical-json.ts'
import { forWebCrypto, sha256Hex } from './digest.ts'
import { derToFixedWidth } from './ecdsa-signature.ts'
import { MAX_IMPORTED_KEYS, MAX_PUBLIC_KEY_CHARS } from './limits.ts'
import { Refusal } from './refusal.ts'
import { member, objectAt, stringAt, type JsonObject } from './shapes.ts'

export interface PublicKey {
  /** As the metadata spells it: 64 hex characters for ed25519, PEM for the others. */
  readonly text: string
  /** null for key types and schemes that we do not know: such a key signs nothing. */
  readonly scheme: Scheme | null
}

type Scheme = 'ed25519' | 'ecdsa-sha2-nistp256' | 'ecdsa-sha2-nistp384' | 'rsassa-pss-sha256'

/** Spelt through the methods, because Node and the DOM name these types in different places. */
type VerifyKey = Parameters<typeof crypto.subtle.verify>[1]
type VerifyAlgorithm = Parameters<typeof crypto.subtle.verify>[0]

interface ImportedKey {
  readonly identity: string
  readonly key: VerifyKey
  readonly algorithms: VerifyAlgorithm[]
}

const ED25519_PUBLIC = /^[0-9a-f]{64}$/
const HEX = /^(?:[0-9a-fA-F]{2})+$/
const PEM = /^-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/
const SHA256_BYTES = 32
const SCHEMES: { readonly [keytype: string]: readonly Scheme[] } = {
  ed25519: ['ed25519'],
  ecdsa: ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384'],
  // Older files name the curve as the key type.
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  rsa: ['rsassa-pss-sha256'],
}

/**
 * @param value a KEY object of TUF metadata
 * @param field its place, for the message
 * @throws Refusal 'bad-format' when it has not the shape of a key; unknown types have
 */
export function parsePublicKey(value: JsonObject, field: string): PublicKey {
  const keytype = stringAt(member(value, 'keytype'), `${field}.keytype`)
  const schemeName = stringAt(member(value, 'scheme'), `${field}.scheme`)
  const text = stringAt(
    member(objectAt(member(value, 'keyval'), `${field}.keyval`), 'public'),
    `${field}.keyval.public`,
  )
  // Endless data (TUF 4.2 sets no bound).
  if (text.length > MAX_PUBLIC_KEY_CHARS) throw new Refusal('too-large', `${field} is longer than a public key can be`)
  const schemes = Object.hasOwn(SCHEMES, keytype) ? (SCHEMES[keytype] ?? []) : []
  const scheme = schemes.find((known) => known === schemeName) ?? null
  return { text, scheme }
}

/** @returns the KEY object for an ed25519 public key of 64 hex characters */
export function ed25519KeyObject(publicKey: string): JsonObject {
  return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: publicKey } }
}

/** @returns the key id: SHA-256 of the canonical KEY object, hex (TUF 4.2) */
export function keyIdOf(key: JsonObject): Promise<string> {
  return sha256Hex(canonicalBytes(key))
}

/** Whether a text is an ed25519 public key as we write it. */
export function isEd25519PublicKey(text: string): boolean {
  return ED25519_PUBLIC.test(text)
}

/**
 * @param signature hex as it came; anything at all
 * @returns who signed these bytes: a text that is equal for equal public keys, whatever key id, letter case or line breaks
 *   they come with; null when this key did not sign them, and for unknown schemes and keys that are none
 * @throws NotSupportedError where WebCrypto has no Ed25519
 */
export async function identifySigner(key: PublicKey, signature: string, bytes: Uint8Array): Promise<string | null> {
  if (key.scheme === null || !HEX.test(signature)) return null
  try {
    const { identity, key: imported, algorithms } = await importKey(key.text, key.scheme)
    const raw = key.scheme.startsWith('ecdsa')
      ? derToFixedWidth(fromHex(signature), key.scheme === 'ecdsa-sha2-nistp256' ? 32 : 48)
      : fromHex(signature)
    for (const algorithm of algorithms) {
      if (await crypto.subtle.verify(algorithm, imported, forWebCrypto(raw), forWebCrypto(bytes))) return identity
    }
    return null
  } catch (error) {
    // Not the signature's fault: this engine has no Ed25519, and calling every archive forged would be a lie.
    if (key.scheme === 'ed25519' && error instanceof Error && error.name === 'NotSupportedError') throw error
    // A signature that is no DER, or a key off the curve, proves nothing: the same as a wrong one.
    return null
  }
}

/** Keys never change, so what was imported once stays good; the oldest goes when the table is full. */
const importedKeys = new Map<string, Promise<ImportedKey>>()

function importKey(text: string, scheme: Scheme): Promise<ImportedKey> {
  const name = `${scheme} ${text}`
  const known = importedKeys.get(name)
  if (known !== undefined) return known
  const fresh = importFresh(text, scheme)
  if (importedKeys.size >= MAX_IMPORTED_KEYS) importedKeys.delete(importedKeys.keys().next().value ?? '')
  importedKeys.set(name, fresh)
  return fresh
}

async function importFresh(text: string, scheme: Scheme): Promise<ImportedKey> {
  if (scheme === 'ed25519') {
    if (text.length !== 64 || !HEX.test(text)) throw new TypeError('not an ed25519 public key')
    const key = await crypto.subtle.importKey('raw', fromHex(text), 'Ed25519', false, ['verify'])
    return { identity: text.toLowerCase(), key, algorithms: ['Ed25519'] }
  }
  const spki = spkiFromPem(text)
  if (scheme === 'rsassa-pss-sha256') {
    const key = await crypto.subtle.importKey('spki', spki, { name: 'RSA-PSS', hash: 'SHA-256' }, true, ['verify'])
    const { modulusLength } = key.algorithm as { modulusLength: number; name: string }
    // The scheme names no salt length: signers use the hash's length, older ones the longest that fits.
    const longest = Math.ceil((modulusLength - 1) / 8) - SHA256_BYTES - 2
    const algorithms = [SHA256_BYTES, longest].map((saltLength) => ({ name: 'RSA-PSS', saltLength }))
    return { identity: await exportedIdentity(key), key, algorithms }
  }
  const [namedCurve, hash] = scheme === 'ecdsa-sha2-nistp256' ? ['P-256', 'SHA-256'] : ['P-384', 'SHA-384']
  const key = await crypto.subtle.importKey('spki', spki, { name: 'ECDSA', namedCurve }, true, ['verify'])
  return { identity: await exportedIdentity(key), key, algorithms: [{ name: 'ECDSA', hash }] }
}

/** The same key can be written in many PEM texts; exported again it has one form. */
async function exportedIdentity(key: VerifyKey): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.exportKey('spki', key)))
}

function spkiFromPem(pem: string): Uint8Array<ArrayBuffer> {
  const body = PEM.exec(pem)?.[1]
  if (body === undefined) throw new TypeError('not a PEM public key')
  return Uint8Array.from(atob(body.replace(/\s/g, '')), (char) => char.charCodeAt(0))
}

/**
 * A maintainer's private key on disk: an age file (c2sp.org/age) under a passphrase, in ASCII armor, which `age -d`
 * opens too. Inside, one line of JSON: `{"holdfast":"maintainer key","v":1,"publicKey":HEX,"seed":HEX}`.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { signerFromSeed, type Signer } from '@holdfast/release'
import { armor, Decrypter, Encrypter } from 'age-encryption'
import * as v from 'valibot'
import { makeFolder, writeFileAtomic } from '../store/atomic-file.ts'
import { failedWith, StoreError } from '../store/errors.ts'
import { KeyError } from './errors.ts'
import { MAX_KEY_FILE_BYTES, SCRYPT_WORK_FACTOR } from './limits.ts'
import { ScryptIdentity } from './scrypt-identity.ts'

interface NewKeyOptions {
  /** 32 bytes, for a key that exists already; overwritten with zeros. Random unless given. */
  seed?: Uint8Array
  /** Base-2 logarithm of scrypt's work; tests take less. */
  workFactor?: number
}

const KIND = 'maintainer key'
const SEED_BYTES = 32
const Hex32 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
const KeySchema = v.object({ holdfast: v.literal(KIND), v: v.literal(1), publicKey: Hex32, seed: Hex32 })

/** What typage says where the passphrase does not open the file; every other failure is the file's. */
const NO_MATCH = 'no identity matched'

/**
 * Writes a new key file, mode 0600, and the folder it lies in.
 *
 * @returns its public half, 64 hex characters
 * @throws KeyError 'exists' and the file stays as it is; 'empty-passphrase', 'io'; StoreError 'disk-full'
 */
export async function createKeyFile(
  file: string,
  passphrase: string,
  options: NewKeyOptions = {},
): Promise<{ publicKey: string }> {
  const { seed = randomBytes(SEED_BYTES), workFactor = SCRYPT_WORK_FACTOR } = options
  if (passphrase === '') throw new KeyError('empty-passphrase', `no passphrase to lock ${file} with`)
  // Before a second of scrypt is spent; the write itself makes sure.
  requireNoKeyFile(file)
  const { publicKey } = await signerFromSeed(seed)
  const plaintext = plaintextOf(publicKey, seed)
  seed.fill(0)
  const encrypter = new Encrypter()
  encrypter.setPassphrase(passphrase)
  encrypter.setScryptWorkFactor(workFactor)
  const locked = await encrypter.encrypt(plaintext)
  plaintext.fill(0)
  writeNew(file, Buffer.from(armor.encode(locked)))
  return { publicKey }
}

/**
 * @returns the key at work; the seed is overwritten
 * @throws KeyError 'wrong-passphrase', 'bad-key-file', 'not-found', 'io'. Damage to the few bytes of the file that a
 *   passphrase is tried against looks like a wrong passphrase, to any age program
 */
export async function openKeyFile(file: string, passphrase: string): Promise<Signer> {
  const plaintext = await decrypt(file, unarmor(file, readKeyFile(file)), passphrase)
  try {
    return await signerIn(file, plaintext)
  } finally {
    plaintext.fill(0)
  }
}

/** Checks that a key file is there and looks like one, before anybody is asked for a passphrase. @throws KeyError as `openKeyFile` */
export function requireKeyFile(file: string): void {
  unarmor(file, readKeyFile(file))
}

/** @throws KeyError 'exists' */
export function requireNoKeyFile(file: string): void {
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) throw exists(file)
}

function plaintextOf(publicKey: string, seed: Uint8Array): Uint8Array {
  const before = Buffer.from(`{"holdfast":"${KIND}","v":1,"publicKey":"${publicKey}","seed":"`)
  const plaintext = Buffer.alloc(before.length + 2 * SEED_BYTES + '"}\n'.length)
  before.copy(plaintext)
  // Digit by digit: a string with the seed in it could not be overwritten.
  for (const [i, byte] of seed.entries()) {
    plaintext[before.length + 2 * i] = hexDigit(byte >>> 4)
    plaintext[before.length + 2 * i + 1] = hexDigit(byte & 15)
  }
  plaintext.write('"}\n', before.length + 2 * SEED_BYTES)
  return plaintext
}

function hexDigit(value: number): number {
  return '0123456789abcdef'.charCodeAt(value)
}

async function signerIn(file: string, plaintext: Uint8Array): Promise<Signer> {
  let seed: Uint8Array
  let publicKey: string
  try {
    const key = v.parse(KeySchema, JSON.parse(new TextDecoder().decode(plaintext)))
    publicKey = key.publicKey
    seed = Buffer.from(key.seed, 'hex')
  } catch {
    // Without the cause: a parser's message quotes what it was given.
    throw new KeyError('bad-key-file', `${file} opens with this passphrase but holds no maintainer's key`)
  }
  const signer = await signerFromSeed(seed)
  seed.fill(0)
  if (signer.publicKey !== publicKey)
    throw new KeyError('bad-key-file', `${file} holds a key that is not the one it names`)
  return signer
}

async function decrypt(file: string, locked: Uint8Array, passphrase: string): Promise<Uint8Array> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(new ScryptIdentity(passphrase))
  try {
    return await decrypter.decrypt(locked)
  } catch (cause) {
    if (cause instanceof Error && cause.message.includes(NO_MATCH)) {
      throw new KeyError('wrong-passphrase', `this passphrase does not open ${file}`, { cause })
    }
    throw damaged(file, cause)
  }
}

function readKeyFile(file: string): string {
  try {
    if (statSync(file).size > MAX_KEY_FILE_BYTES) throw damaged(file)
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof KeyError) throw cause
    if (failedWith(cause, 'ENOENT')) throw new KeyError('not-found', `there is no key file ${file}`, { cause })
    throw new KeyError('io', `reading ${file} failed: ${(cause as Error).message}`, { cause })
  }
}

function unarmor(file: string, text: string): Uint8Array {
  try {
    return armor.decode(text)
  } catch (cause) {
    throw damaged(file, cause)
  }
}

function writeNew(file: string, bytes: Uint8Array): void {
  try {
    makeFolder(dirname(file))
    writeFileAtomic(file, bytes, { mode: 0o600, replace: false })
  } catch (cause) {
    if (cause instanceof StoreError && cause.code === 'disk-full') throw cause
    if (cause instanceof StoreError && failedWith(cause.cause, 'EEXIST')) throw exists(file)
    throw new KeyError('io', `writing ${file} failed: ${(cause as Error).message}`, { cause })
  }
}

function exists(file: string): KeyError {
  return new KeyError('exists', `${file} exists already; a key file is never overwritten`)
}

function damaged(file: string, cause?: unknown): KeyError {
  return new KeyError('bad-key-file', `${file} is damaged, or no key file`, { cause })
}

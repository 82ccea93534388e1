import { createDecipheriv, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import type { Identity, Stanza } from 'age-encryption'

const LABEL = 'age-encryption.org/v1/scrypt'
const SALT_BYTES = 16
const KEY_BYTES = 32
const FILE_KEY_BYTES = 16
const TAG_BYTES = 16
/** Base-2 logarithm of the work that a file may ask for: as typage has it. */
const MAX_WORK_FACTOR = 20
const BLOCK_SIZE = 8

const derive = promisify<string, Uint8Array, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scrypt,
)

/**
 * The passphrase of an age file (c2sp.org/age, "scrypt recipient stanza"), tried by Node's own scrypt: in a thread, in a
 * third of the time that scrypt in JavaScript takes, and meanwhile a folder can be imported.
 */
export class ScryptIdentity implements Identity {
  readonly #passphrase: string

  constructor(passphrase: string) {
    this.#passphrase = passphrase
  }

  /** @returns null when the passphrase is another one or the file has none @throws for a stanza that is malformed */
  async unwrapFileKey(stanzas: Stanza[]): Promise<Uint8Array | null> {
    const stanza = stanzas.find(({ args }) => args[0] === 'scrypt')
    if (stanza === undefined) return null
    const [, saltText = '', workText = ''] = stanza.args
    const salt = Buffer.from(saltText, 'base64')
    const work = /^[1-9]\d?$/.test(workText) ? Number(workText) : Infinity
    if (stanzas.length !== 1 || stanza.args.length !== 3) throw new Error('a scrypt stanza stands alone')
    if (salt.length !== SALT_BYTES || stanza.body.length !== FILE_KEY_BYTES + TAG_BYTES || work > MAX_WORK_FACTOR)
      throw new Error('invalid scrypt stanza')
    const N = 2 ** work
    // Node refuses by default what takes over 32 MiB.
    const limits = { N, r: BLOCK_SIZE, p: 1, maxmem: 256 * N * BLOCK_SIZE }
    const key = await derive(this.#passphrase, Buffer.concat([Buffer.from(LABEL), salt]), KEY_BYTES, limits)
    try {
      return opened(stanza.body, key)
    } finally {
      key.fill(0)
    }
  }
}

/** ChaCha20-Poly1305 under a nonce of zeros, since the key is used once. */
function opened(body: Uint8Array, key: Uint8Array): Uint8Array | null {
  const decipher = createDecipheriv('chacha20-poly1305', key, Buffer.alloc(12), { authTagLength: TAG_BYTES })
  decipher.setAuthTag(body.subarray(FILE_KEY_BYTES))
  const fileKey = decipher.update(body.subarray(0, FILE_KEY_BYTES))
  try {
    decipher.final()
    return new Uint8Array(fileKey)
  } catch {
    return null // Another passphrase.
  }
}

/** Limits of key files and passphrases, with units. All our choice unless said otherwise. */

/** Base-2 logarithm of scrypt's work: age's own default (c2sp.org/age, "scrypt"), about a second and 256 MB here. */
export const SCRYPT_WORK_FACTOR = 18
/** Bytes of a key file that are read at all; ours have under 600. */
export const MAX_KEY_FILE_BYTES = 64 * 1024
/** Bytes of a passphrase, wherever it comes from. */
export const MAX_PASSPHRASE_BYTES = 1024
/** Bytes of key words, wherever they come from: 24 words of up to 8 letters, with room for numbers and white space. */
export const MAX_WORDS_BYTES = 1024

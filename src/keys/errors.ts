/** What can go wrong with a maintainer's key. */
export type KeyErrorCode =
  | 'wrong-passphrase'
  | 'bad-key-file' // damaged, or no key file at all
  | 'not-found' // there is no such key file
  | 'exists' // a key file is never overwritten
  | 'no-passphrase' // none was given, and there is nobody to be asked
  | 'empty-passphrase'
  | 'passphrase-mismatch' // typed twice, and not the same
  | 'bad-passphrase-source' // the file or command that was to give the passphrase gives none
  | 'no-words' // none were given, and there is nobody to be asked
  | 'bad-words' // words that give no key back: too few, mistyped, in another order
  | 'interrupted' // Ctrl-C at the question
  | 'io' // anything else that the system refuses; `cause` says what

/** The one error of src/keys. No message ever holds a passphrase, a word or another part of a key. */
export class KeyError extends Error {
  override name = 'KeyError'
  readonly code: KeyErrorCode

  constructor(code: KeyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** What a caller did wrong. What a peer sent never ends here: see refusal.ts. */
export type ReleaseErrorCode =
  | 'bad-argument' // a value that no valid metadata, link or announcement can hold
  | 'bad-state' // the stored state does not verify, so nothing is built on it; `cause` says why
  | 'threshold-unmet' // these signers are too few, or not maintainers
  | 'no-release' // the archive has no release yet
  | 'too-large' // the result would break a limit of limits.ts

/** The one error that this package throws. */
export class ReleaseError extends Error {
  readonly code: ReleaseErrorCode

  constructor(code: ReleaseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ReleaseError'
    this.code = code
  }
}

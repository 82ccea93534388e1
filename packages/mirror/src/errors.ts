/** What a caller did wrong. What a peer says, and what fails on the way, never ends here. */
export type MirrorErrorCode = 'bad-setting' // a setting that no mirror can work with

/** The one error that this package throws. */
export class MirrorError extends Error {
  readonly code: MirrorErrorCode

  constructor(code: MirrorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'MirrorError'
    this.code = code
  }
}

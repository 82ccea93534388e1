/** What can go wrong between peers; `unreachable` and `not-found` become exit code 3, `lied` exit code 4. */
export type NetworkErrorCode =
  | 'bad-hint'
  | 'private-address'
  | 'unreachable'
  | 'not-found'
  | 'refused'
  | 'lied'
  | 'incomplete'
  | 'too-large'
  | 'stalled'
  | 'port-in-use'
  | 'cancelled'

/** The one error class of this package: a code of a closed union, a sentence, and the cause. */
export class NetworkError extends Error {
  override name = 'NetworkError'
  readonly code: NetworkErrorCode

  constructor(code: NetworkErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** The message of anything thrown, for a log line or a reason. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}

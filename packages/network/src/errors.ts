/** What can go wrong between peers. */
export type NetworkErrorCode =
  | 'bad-hint' // text that is no hint, or one that no peer can have
  | 'private-address' // a stranger's name or address that leads into the own network
  | 'unreachable' // no connection, or one that broke
  | 'not-found' // the peer does not have it
  | 'refused' // the peer does not want to
  | 'lied' // the answer contradicts the hashes, the protocol or the question
  | 'incomplete' // nobody who could be asked has the rest
  | 'too-large' // more than the limit
  | 'stalled' // silence for too long
  | 'port-in-use' // a listen address that cannot be had
  | 'cancelled' // the caller's signal

/** The one error class of this package: a code of a closed union, a sentence, and the cause. */
export class NetworkError extends Error {
  readonly code: NetworkErrorCode

  constructor(code: NetworkErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'NetworkError'
    this.code = code
  }
}

/** The message of anything thrown, for a log line or a reason. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}

/**
 * Anything that a connection to `name` ended with, as a NetworkError.
 *
 * @returns `lied` where the peer broke the rules of HTTP, else `unreachable`; a NetworkError as it is
 */
export function brokenConnection(name: string, cause: unknown): NetworkError {
  if (cause instanceof NetworkError) return cause
  if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('HPE_'))
    return new NetworkError('lied', `${name} answered with something that is not HTTP (${cause.message})`, { cause })
  return new NetworkError('unreachable', `${name}: ${reasonOf(cause)}`, { cause })
}

/** The error for what `signal` ended. */
export function cancelled(what: string, signal: AbortSignal): NetworkError {
  return new NetworkError('cancelled', `${what} was cancelled`, { cause: signal.reason })
}

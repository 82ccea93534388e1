/** How errors of every room become one exit code and two sentences for people (interface.md, "exit code"). */
import { DagError } from '@holdfast/dag'
import { NetworkError, reasonOf } from '@holdfast/network'
import { ReleaseError } from '@holdfast/release'
import { KeyError, type KeyErrorCode } from './keys/errors.ts'
import { StoreError, type StoreErrorCode } from './store/errors.ts'

/** Exit codes of interface.md. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  unverified: 4,
  stale: 5,
  refused: 6,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** What a command throws when it knows what happened and what to do about it. */
export class CommandError extends Error {
  readonly exitCode: ExitCode
  /** One word for programs, such as `not-found`. */
  readonly code: string
  /** One sentence: what to do. */
  readonly hint: string

  constructor(exitCode: ExitCode, code: string, message: string, hint: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CommandError'
    this.exitCode = exitCode
    this.code = code
    this.hint = hint
  }
}

/** What is shown of an error. */
export interface Failure {
  exitCode: ExitCode
  code: string
  message: string
  hint: string
}

/** @returns for any error what happened, what to do, and the exit code */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommandError) {
    return { exitCode: error.exitCode, code: error.code, message: error.message, hint: error.hint }
  }
  if (error instanceof NetworkError) return ofNetwork(error)
  if (error instanceof ReleaseError) return ofRelease(error)
  if (error instanceof StoreError) return ofStore(error)
  if (error instanceof KeyError) return ofKey(error)
  if (error instanceof DagError) return ofDag(error)
  return ofSystem(error)
}

function ofNetwork(error: NetworkError): Failure {
  const { code, message } = error
  switch (code) {
    case 'lied':
      return { exitCode: EXIT.unverified, code, message, hint: 'Ask another mirror with --from.' }
    case 'too-large':
      return {
        exitCode: EXIT.unverified,
        code,
        message,
        hint: 'Somebody sends more than was signed for: ask another mirror with --from.',
      }
    case 'bad-hint':
      return {
        exitCode: EXIT.usage,
        code,
        message,
        hint: 'A hint is a multiaddr with /p2p/<peer id>, or the https URL of a mirror.',
      }
    case 'refused':
      return { exitCode: EXIT.refused, code, message, hint: 'Ask whoever runs that mirror, or use another one.' }
    case 'port-in-use':
      return {
        exitCode: EXIT.failed,
        code,
        message,
        hint: 'Stop that program or choose another port with --listen or --gateway (port 0 picks a free one).',
      }
    case 'cancelled':
      return { exitCode: EXIT.interrupted, code, message, hint: 'The same command goes on from here.' }
    case 'private-address':
      return {
        exitCode: EXIT.refused,
        code,
        message,
        hint: 'If you trust whoever gave you the link, add --allow-private.',
      }
    case 'unreachable':
    case 'not-found':
    case 'incomplete':
    case 'stalled':
      return {
        exitCode: EXIT.notFound,
        code,
        message,
        hint: 'Try again later (what came is kept), or name another mirror with --from.',
      }
  }
}

function ofRelease(error: ReleaseError): Failure {
  const { code, message } = error
  switch (code) {
    case 'bad-state':
      return {
        exitCode: EXIT.unverified,
        code,
        message,
        hint: 'The stored metadata was changed or damaged: restore it, or follow the link anew.',
      }
    case 'no-release':
      return { exitCode: EXIT.notFound, code, message, hint: 'Publish one first, or wait for the maintainers.' }
    case 'threshold-unmet':
      return { exitCode: EXIT.refused, code, message, hint: 'Use the key of a maintainer of this archive (--key).' }
    case 'bad-argument':
    case 'too-large':
      return { exitCode: EXIT.usage, code, message, hint: 'Change that value and try again.' }
  }
}

function ofDag(error: DagError): Failure {
  const unverified = { exitCode: EXIT.unverified, code: error.code, message: error.message }
  if (error.code === 'missing-block') {
    return { ...unverified, exitCode: EXIT.notFound, hint: 'Not all of it is there: fetch it again.' }
  }
  if (error.code === 'bad-path' || error.code === 'not-a-directory' || error.code === 'not-a-file') {
    return { ...unverified, exitCode: EXIT.notFound, hint: 'List what there is with "holdfast ls".' }
  }
  return { ...unverified, hint: 'What was fetched is not what an honest archive holds; nothing was written.' }
}

function ofStore(error: StoreError): Failure {
  const { code, message } = error
  const hint = STORE_HINTS[code] ?? MORE
  return { exitCode: code === 'bad-home' ? EXIT.usage : EXIT.failed, code, message, hint }
}

function ofKey(error: KeyError): Failure {
  const { code, message } = error
  return { exitCode: code === 'interrupted' ? EXIT.interrupted : EXIT.failed, code, message, hint: KEY_HINTS[code] }
}

const MORE = 'Run it again with --verbose to see where it comes from.'

const STORE_HINTS: Partial<Record<StoreErrorCode, string>> = {
  'disk-full': 'Make room on the disk or use another --home; nothing that was held is lost.',
  'home-in-use': 'Stop that daemon, or use another --home.',
  'in-use': 'Wait until the other command ends, or use another --home.',
  'bad-home': 'Choose another folder with --home.',
  'unsafe-folder': 'Move that folder away, or use another --home.',
  'newer-format': 'Use the newer version of holdfast that wrote it.',
  'pins-lost': 'Start the mirror once, so that it pins again what it holds.',
  damaged: 'Restore that file from a backup, or move it away and fetch anew.',
}

const KEY_HINTS: Record<KeyErrorCode, string> = {
  'wrong-passphrase': 'Try again; there is no way around a lost passphrase.',
  'bad-key-file': 'Restore the key file from a backup.',
  'not-found': 'Make a key with "holdfast keygen", or say which with --key.',
  exists: 'Choose another file with -o: a key is never overwritten.',
  'no-passphrase': 'Give it on a terminal, with --passphrase-file, or in HOLDFAST_PASSPHRASE.',
  'empty-passphrase': 'Choose a passphrase of several words.',
  'passphrase-mismatch': 'Type the same passphrase twice.',
  'bad-passphrase-source': 'Check what --passphrase-file or HOLDFAST_PASSPHRASE_FILE or _COMMAND names.',
  'no-words': 'Type them at a terminal, or name a file that holds them with --words-file.',
  'bad-words': 'Compare the words with the paper, one by one, and try again.',
  interrupted: 'The same command begins again.',
  io: 'Check the permissions of the key file and of its folder.',
}

function ofSystem(error: unknown): Failure {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'failed'
  if (error instanceof Error && error.name === 'AbortError') {
    return {
      exitCode: EXIT.interrupted,
      code: 'interrupted',
      message: 'Stopped.',
      hint: 'The same command goes on from here.',
    }
  }
  if (code === 'ENOSPC')
    return {
      exitCode: EXIT.failed,
      code: 'disk-full',
      message: 'The disk is full.',
      hint: STORE_HINTS['disk-full'] ?? MORE,
    }
  if (code === 'EACCES' || code === 'EPERM') {
    return {
      exitCode: EXIT.failed,
      code,
      message: reasonOf(error),
      hint: 'Check who owns that file and its permissions.',
    }
  }
  return { exitCode: EXIT.failed, code, message: reasonOf(error), hint: MORE }
}

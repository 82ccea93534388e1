/** Signed metadata in a file, as it travels: an announcement, or the proof of a fork. */
import { openSync, closeSync, fstatSync, readFileSync } from 'node:fs'
import { MAX_ANNOUNCEMENT_BYTES, MAX_FORK_PROOF_BYTES } from '@holdfast/release'
import { CommandError, EXIT } from '../failure.ts'

/**
 * @returns its bytes, not verified
 * @throws CommandError 'not-found' (3) when there is no such file, 'unverified' (4) when it is larger than metadata ever is
 */
export function readMetadataFile(file: string): Uint8Array {
  const descriptor = open(file)
  try {
    if (fstatSync(descriptor).size > Math.max(MAX_ANNOUNCEMENT_BYTES, MAX_FORK_PROOF_BYTES)) {
      throw new CommandError(
        EXIT.unverified,
        'unverified',
        `${file} is larger than an announcement ever is.`,
        'Give the folder of the archive, or the file that a mirror answers under …/announcement.',
      )
    }
    return readFileSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function open(file: string): number {
  try {
    return openSync(file, 'r')
  } catch (cause) {
    const { code = 'unreadable' } = cause as NodeJS.ErrnoException
    throw new CommandError(
      EXIT.notFound,
      'not-found',
      `${file} cannot be read (${code}).`,
      'Check where the folder or the announcement lies.',
      { cause },
    )
  }
}

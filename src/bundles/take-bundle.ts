/** Moves a home forward by a bundle: the metadata is judged as gossip is, and no block is stored that it does not name. */
import type { BlockReader, BlockWriter } from '@holdfast/dag'
import { verifyAnnouncement, type BundleHead, type ReleaseInfo, type Verdict } from '@holdfast/release'
import { CommandError, EXIT } from '../failure.ts'
import { UploadError } from '../gateway/context.ts'
import { takeBlocks } from './take-blocks.ts'
import { openBundle } from './open-bundle.ts'

/** What a bundle is taken into. */
export interface BundleTaker {
  /** Judges and keeps the metadata. @returns the verdict, and the newest release that is known afterwards */
  announce(head: BundleHead): Promise<{ verdict: Pick<Verdict, 'outcome'> & Judged; newest: ReleaseInfo | null }>
  readonly now: Date
  /** From now on nothing of this release is collected. */
  hold(release: ReleaseInfo): void
  readonly store: BlockReader & BlockWriter
  /** Bytes that may still be stored. */
  readonly room: number
}

interface Judged {
  code?: string | undefined
  reason?: string
}

export interface TakenBundle {
  address: string
  /** The newest release that is known here. */
  release: ReleaseInfo
  /** Blocks that were new here. */
  stored: number
  /** Whether the bundle held an older release than is known here, so that nothing was to be done. */
  older: boolean
}

/**
 * @param stream from anybody
 * @throws CommandError 'no-bundle', 'partial-bundle', the verifier's code, 'foreign-block', 'too-large', 'quota'; what was stored before
 *   stays, so that the same bundle goes on there
 */
export async function takeBundle(stream: AsyncIterable<Uint8Array>, taker: BundleTaker): Promise<TakenBundle> {
  const { head, blocks } = await openBundle(stream)
  try {
    if (head === null) {
      const message = 'This file is no bundle: it holds no signed metadata.'
      throw new CommandError(EXIT.unverified, 'no-bundle', message, 'Ask for one that "holdfast export" made.')
    }
    if (head.path !== '') {
      const message = `This bundle holds "${head.path}" alone, and a mirror keeps whole releases.`
      throw new CommandError(EXIT.refused, 'partial-bundle', message, 'Look at it with "holdfast verify".')
    }
    // From nothing but the address first: a file that proves nothing does not even make its archive one that is followed.
    const { address: claimed, announcement } = head
    requireAccepted(await verifyAnnouncement({ address: claimed, roots: [] }, announcement, taker.now))
    const { verdict, newest } = await taker.announce(head)
    requireAccepted(verdict)
    if (newest === null) throw new Error('a release that was just judged is not there')
    const { address } = head
    if (verdict.code === 'older') return { address, release: newest, stored: 0, older: true }
    taker.hold(newest)
    const { stored } = await takeBlocks(newest, blocks, taker.store, taker.room)
    return { address, release: newest, stored, older: false }
  } catch (error) {
    throw error instanceof UploadError ? refused(error) : error
  } finally {
    await blocks.return(undefined)
  }
}

/** What is said of an import, by a daemon or here. */
export interface ImportResult {
  address: string
  release: number
  name: string
  stored: number
  older: boolean
}

export function importResult({ address, release, stored, older }: TakenBundle): ImportResult {
  return { address, release: release.version, name: release.name, stored, older }
}

function requireAccepted({ outcome, code, reason }: Pick<Verdict, 'outcome'> & Judged): void {
  if (outcome !== 'reject') return
  const message = `The bundle does not verify: ${reason ?? 'it holds no release'}.`
  throw new CommandError(EXIT.unverified, code ?? 'unverified', message, 'Get it anew, from somebody else.')
}

const QUOTA_STATUS = 507
const DAMAGED_STATUS = 400
const TOO_LARGE_STATUS = 413

function refused({ status, message }: UploadError): CommandError {
  if (status === QUOTA_STATUS)
    return new CommandError(EXIT.failed, 'quota', `${message}.`, 'Raise the quota; the same bundle then goes on.')
  if (status === DAMAGED_STATUS) {
    const hint = 'What was sound is kept: get the file anew, and import it again.'
    return new CommandError(EXIT.unverified, 'damaged-bundle', `The bundle is damaged: ${message}.`, hint)
  }
  const code = status === TOO_LARGE_STATUS ? 'too-large' : 'foreign-block'
  return new CommandError(EXIT.unverified, code, `${message}.`, 'Get the bundle anew, from somebody else.')
}

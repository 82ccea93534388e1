/** Breaks announcements on purpose: changes what is signed, signs it again, and keeps everything above consistent. */
import type { Announcement, Signer } from '@holdfast/release'
import { sha256 } from 'multiformats/hashes/sha2'
import { toHex } from 'multiformats/bytes'

/** A `signed` member as JSON; the forger knows its shape and we do not check. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Statement = any
type Change = (signed: Statement) => void

interface Forgery {
  /** Who signs whatever is changed. */
  signers: Signer[]
  targets?: Change
  snapshot?: Change
  timestamp?: Change
}

/**
 * Changes some of the roles and signs them, and those above them, anew: hashes, lengths and versions fit again, before
 * `snapshot` and `timestamp` get the last word.
 */
export async function forge(announcement: Announcement, forgery: Forgery): Promise<Announcement> {
  const { signers } = forgery
  let { targets, snapshot, timestamp } = announcement
  if (forgery.targets) targets = await resign(targets, forgery.targets, signers)
  if (forgery.targets || forgery.snapshot) {
    const record = await recordOf(targets)
    snapshot = await resign(
      snapshot,
      (signed) => {
        if (forgery.targets) signed.meta['targets.json'] = record
        forgery.snapshot?.(signed)
      },
      signers,
    )
  }
  const record = await recordOf(snapshot)
  timestamp = await resign(
    timestamp,
    (signed) => {
      if (forgery.targets || forgery.snapshot) signed.meta['snapshot.json'] = record
      forgery.timestamp?.(signed)
    },
    signers,
  )
  return { ...announcement, targets, snapshot, timestamp }
}

/** @returns the file with its statement changed, signed by these alone */
async function resign(file: Uint8Array, change: Change, signers: Signer[]): Promise<Uint8Array> {
  const { signed } = JSON.parse(new TextDecoder().decode(file))
  change(signed)
  const bytes = new TextEncoder().encode(canonicalText(signed))
  const signatures = await Promise.all(
    signers.map(async (signer) => ({ keyid: signer.keyId, sig: toHex(await signer.sign(bytes)) })),
  )
  // Ordinary JSON: the canonical form has no escapes, so it could not be read back where it holds control characters.
  return new TextEncoder().encode(JSON.stringify({ signatures, signed }))
}

/** @returns the file with something changed that no signature covers, or under a signature that no longer fits */
export function tamper(file: Uint8Array, change: (file: Statement) => void): Uint8Array {
  const parsed = JSON.parse(new TextDecoder().decode(file))
  change(parsed)
  return new TextEncoder().encode(JSON.stringify(parsed))
}

async function recordOf(file: Uint8Array): Promise<Statement> {
  const { signed } = JSON.parse(new TextDecoder().decode(file))
  const { digest } = await sha256.digest(file)
  return { version: signed.version, length: file.length, hashes: { sha256: toHex(digest) } }
}

/** Canonical JSON for what forgers sign; made apart from the one under test. */
export function canonicalText(value: Statement): string {
  if (typeof value === 'string') return `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${canonicalText(key)}:${canonicalText(member)}`).join(',')}}`
}

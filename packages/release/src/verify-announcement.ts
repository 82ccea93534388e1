/** The one way in: every announcement, from whatever carrier, is judged here (trust.md). */
import { equals } from 'multiformats/bytes'
import type { Address } from './address.ts'
import { parseAnnouncement, type Announcement } from './announcement.ts'
import { clockWarnings, type Warning } from './clock-warning.ts'
import { sha256Hex } from './digest.ts'
import { forbidExpired, hasExpired } from './freshness.ts'
import { compareHeads, isNoNewer } from './head-comparison.ts'
import { readHeld, rememberRead, stillVouchedFor, type HeldRoles } from './held-roles.ts'
import { MAX_EARLIER_ROOTS_TRIED, MAX_ROOTS } from './limits.ts'
import { parseRoot, type Root } from './metadata.ts'
import { Refusal, refusalFrom, type VerdictCode } from './refusal.ts'
import { extendRootChain, type RootChain } from './root-chain.ts'
import { requireThreshold } from './signatures.ts'
import {
  describeRelease,
  verifyRoles,
  type ReleaseInfo,
  type TrustedState,
  type VerifiedRoles,
} from './trusted-state.ts'

export type Verdict =
  | {
      outcome: 'accept'
      /** Store this, verbatim, before anything else is done with the release. */
      state: TrustedState
      release: ReleaseInfo
      /** false when only timestamp, snapshot or roots moved: the release is the one held before. */
      newRelease: boolean
      freshness: 'fresh' | 'stale'
      warnings: Warning[]
    }
  | { outcome: 'ignore'; code: 'known' | 'older'; reason: string }
  | {
      outcome: 'reject'
      code: VerdictCode
      reason: string
      /** With 'roots-missing': fetch the roots from this version on, put them in front, and ask again. */
      firstMissingRoot?: number
    }

export interface VerifyOptions {
  /** TUF to the letter: anything expired is refused. Without it, expiry shows in `freshness` alone. */
  strict?: boolean
}

/**
 * @param state what is held, or nothing but the address
 * @param announcement the encoded bytes (all limits apply), or its parts with as many roots in front as were fetched
 * @param now the caller's clock
 * @returns a verdict, whatever was sent; no I/O
 * @throws ReleaseError 'bad-state' when it is the state that cannot be read
 */
export async function verifyAnnouncement(
  state: TrustedState | { address: Address; roots: [] },
  announcement: Announcement | Uint8Array,
  now: Date,
  options: VerifyOptions = {},
): Promise<Verdict> {
  try {
    const offered = announcement instanceof Uint8Array ? openEnvelope(announcement) : announcement
    if (isHeld(state, offered)) return { outcome: 'ignore', code: 'known', reason: 'the same bytes are held' }
    return await judge(state, offered, now, options)
  } catch (error) {
    const { code, message, firstMissingRoot } = refusalFrom(error)
    return { outcome: 'reject', code, reason: message, ...(firstMissingRoot === undefined ? {} : { firstMissingRoot }) }
  }
}

async function judge(
  state: TrustedState,
  offered: Announcement,
  now: Date,
  { strict = false }: VerifyOptions,
): Promise<Verdict> {
  const { trusted, held: stored } = readHeld(state)
  const chain = await extendRootChain(state.address, trusted, limitRoots(offered.roots))
  const held = chain.grew ? await stillVouchedFor(stored, chain.newest.signed) : stored
  const roles = await verifyUnderNewest(state.address, chain, held, offered)
  if (roles === 'older') return { outcome: 'ignore', code: 'older', reason: 'signed before the keys last changed' }
  const direction = compareHeads(held, roles, chain.grew)
  if (direction === 'same') return { outcome: 'ignore', code: 'known', reason: 'these versions are held' }
  if (direction === 'older') return { outcome: 'ignore', code: 'older', reason: 'newer versions are held' }
  if (strict) forbidAllExpired(chain, roles, now)

  const release = await describeRelease(state.address, chain.newest.signed, roles)
  const { timestamp, snapshot, targets } = roles
  const next = {
    address: state.address,
    roots: [...chain.files],
    timestamp: timestamp.bytes,
    snapshot: snapshot.bytes,
    targets: targets.bytes,
  }
  rememberRead(next, { trusted: chain, held: { timestamp, snapshot, targets } })
  return {
    outcome: 'accept',
    state: next,
    release,
    newRelease: isNewRelease(stored, roles),
    freshness: hasExpired(release.expires, now) ? 'stale' : 'fresh',
    warnings: [...clockWarnings(roles, now), ...(await branchWarnings(held, chain, release))],
  }
}

function openEnvelope(bytes: Uint8Array): Announcement {
  const parsed = parseAnnouncement(bytes)
  if (!parsed.ok) throw new Refusal(parsed.code, parsed.reason)
  return parsed.announcement
}

/** The common case of gossip: the same bytes once more. */
function isHeld(state: TrustedState, offered: Announcement): boolean {
  const lastRoot = offered.roots.at(-1)
  return (
    same(state.timestamp, offered.timestamp) &&
    same(state.snapshot, offered.snapshot) &&
    same(state.targets, offered.targets) &&
    (lastRoot === undefined || state.roots.some((root) => equals(root, lastRoot)))
  )
}

function same(held: Uint8Array | undefined, offered: Uint8Array): boolean {
  return held !== undefined && equals(held, offered)
}

function limitRoots(roots: Uint8Array[]): Uint8Array[] {
  // TUF 5.3.3: endless roots.
  if (roots.length > MAX_ROOTS) throw new Refusal('too-many-roots', `more than ${MAX_ROOTS} roots at once`)
  return roots
}

async function verifyUnderNewest(
  address: Address,
  chain: RootChain,
  held: HeldRoles,
  offered: Announcement,
): Promise<VerifiedRoles | 'older'> {
  try {
    return await verifyRoles(address, chain.newest.signed, offered)
  } catch (error) {
    const refusal = refusalFrom(error)
    if (refusal.code !== 'threshold' && refusal.code !== 'bad-signature') throw refusal
    const earlier = await verifyUnderEarlier(address, chain, offered)
    if (earlier === null) throw refusal
    const before = earlier.roles
    if (isNoNewer(held, before)) return 'older'
    // The keys are good still, and too few since the threshold was raised.
    if (!(await needsDroppedKeys(before, earlier.root, chain.newest.signed))) throw refusal
    // Signatures by a revoked key (TUF 6.1): good once, and worth nothing for anything that we have not seen.
    throw new Refusal('revoked-key', `version ${before.targets.signed.version} is signed by keys that were taken away`)
  }
}

/** Tells old keys from forgery: the sender's own newest root first, then those before ours. */
async function verifyUnderEarlier(
  address: Address,
  chain: RootChain,
  offered: Announcement,
): Promise<{ roles: VerifiedRoles; root: Root } | null> {
  const own = offered.roots.at(-1)
  const ownAt = own === undefined ? -1 : chain.files.findIndex((file) => equals(file, own))
  const before = chain.files.slice(0, -1)
  const candidates = new Set([before[ownAt], ...before.toReversed()].filter((file) => file !== undefined))
  for (const file of [...candidates].slice(0, MAX_EARLIER_ROOTS_TRIED)) {
    try {
      const root = parseRoot(file).signed
      return { roles: await verifyRoles(address, root, offered), root }
    } catch (error) {
      refusalFrom(error)
    }
  }
  return null
}

/** Whether one of the files counts under the earlier root through a key that the newest does not name for its role. */
async function needsDroppedKeys(files: VerifiedRoles, earlier: Root, newest: Root): Promise<boolean> {
  for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
    const named = new Set(newest.roles.get(role)?.keyIds.map((id) => newest.keys.get(id)?.text))
    const counted = await requireThreshold(files[role], earlier, role)
    if (counted.some((text) => !named.has(text))) return true
  }
  return false
}

function forbidAllExpired(chain: RootChain, roles: VerifiedRoles, now: Date): void {
  forbidExpired(chain.newest.signed, 'root', now)
  forbidExpired(roles.timestamp.signed, 'timestamp', now)
  forbidExpired(roles.snapshot.signed, 'snapshot', now)
  forbidExpired(roles.targets.signed, 'targets', now)
}

function isNewRelease(stored: HeldRoles, roles: VerifiedRoles): boolean {
  return stored.targets === undefined || !equals(stored.targets.signedBytes, roles.targets.signedBytes)
}

/** A release that heals a fork follows one branch; those who hold the other one shall see that. */
async function branchWarnings(held: HeldRoles, chain: RootChain, release: ReleaseInfo): Promise<Warning[]> {
  // New keys sign the held release anew, so its hash may differ without a fork.
  if (held.targets === undefined || chain.grew || release.version !== held.targets.signed.version + 1) return []
  if (release.previous === (await sha256Hex(held.targets.bytes))) return []
  return [
    {
      code: 'other-branch',
      message: `release ${release.version} does not follow the release ${release.version - 1} held here`,
    },
  ]
}

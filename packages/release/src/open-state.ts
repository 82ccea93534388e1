/** Verifies again what lies on disk, from the address and the first root on: after a start, or a copy handed over. */
import { archiveNameOf, heartbeatsOf, maintainersOf } from './archive-root.ts'
import { hasExpired } from './freshness.ts'
import { parseRoot, parseTargets, type Root, type SignedFile, type Targets } from './metadata.ts'
import { Refusal, refusalFrom, type VerdictCode } from './refusal.ts'
import { readReleaseTarget } from './release-target.ts'
import { extendRootChain } from './root-chain.ts'
import { requireThreshold } from './signatures.ts'
import {
  describeRelease,
  describeTargets,
  verifyRoles,
  type ReleaseInfo,
  type TrustedState,
  type VerifiedRoles,
} from './trusted-state.ts'

export type OpenedState =
  | {
      ok: true
      /** null before the first release. */
      release: ReleaseInfo | null
      /** From the newest root. */
      name: string
      maintainers: { publicKey: string }[]
      threshold: number
      /** Public key that may sign timestamps and no release; null for none. */
      heartbeat: string | null
      freshness: 'fresh' | 'stale'
    }
  | Refused

interface Refused {
  ok: false
  code: VerdictCode
  reason: string
}

/** A state verified in every byte, for those who build on it. */
export interface VerifiedState {
  root: SignedFile<Root>
  /** null before the first release. */
  roles: VerifiedRoles | null
}

/**
 * @param now the caller's clock; it decides on `freshness` alone
 * @returns what the state says, or the first thing in it that does not hold
 */
export async function openState(state: TrustedState, now: Date): Promise<OpenedState> {
  try {
    const { root, roles } = await verifyState(state)
    const release = roles && (await describeRelease(state.address, root.signed, roles))
    const { publicKeys, threshold } = maintainersOf(root.signed)
    return {
      ok: true,
      release,
      name: archiveNameOf(root.signed),
      maintainers: publicKeys.map((publicKey) => ({ publicKey })),
      threshold,
      heartbeat: heartbeatsOf(root.signed)[0] ?? null,
      freshness: hasExpired(release?.expires ?? root.signed.expires, now) ? 'stale' : 'fresh',
    }
  } catch (error) {
    return refused(error)
  }
}

/**
 * A release of the past, kept beside the state: for `log`, and for what a mirror still pins.
 *
 * @param targetsBytes its targets metadata, verbatim
 * @returns the release, its `expires` that of its targets; or why no root of this archive vouches for it. That it was
 *   once the newest is not said: a maintainer's store, or the chain of `previous`, says that.
 */
export async function openPastRelease(
  state: TrustedState,
  targetsBytes: Uint8Array,
): Promise<{ ok: true; release: ReleaseInfo } | Refused> {
  try {
    const chain = await extendRootChain(state.address, null, state.roots)
    const targets = parseTargets(targetsBytes)
    const signers = await signersUnderAny(chain.files, targets)
    const content = readReleaseTarget(targets.signed, state.address)
    const { expires } = targets.signed
    const release = await describeTargets(state.address, chain.newest.signed, targets, content, signers, expires)
    return { ok: true, release }
  } catch (error) {
    return refused(error)
  }
}

/** @throws Refusal at the first thing that does not hold */
export async function verifyState(state: TrustedState): Promise<VerifiedState> {
  const chain = await extendRootChain(state.address, null, state.roots)
  // extendRootChain passes over a root that comes twice; a store never holds one twice.
  if (chain.files.length !== state.roots.length) throw new Refusal('bad-format', 'a root is stored twice')
  const { timestamp, snapshot, targets } = state
  if (!timestamp && !snapshot && !targets) return { root: chain.newest, roles: null }
  if (!timestamp || !snapshot || !targets) throw new Refusal('bad-format', 'a part of the release is not there')
  return {
    root: chain.newest,
    roles: await verifyRoles(state.address, chain.newest.signed, { timestamp, snapshot, targets }),
  }
}

/** Later roots first: that is how a release signed under several is most fairly told. */
async function signersUnderAny(roots: readonly Uint8Array[], targets: SignedFile<Targets>): Promise<string[]> {
  let refusal: unknown
  for (const bytes of roots.toReversed()) {
    try {
      return await requireThreshold(targets, parseRoot(bytes).signed, 'targets')
    } catch (error) {
      refusal ??= refusalFrom(error)
    }
  }
  throw refusal
}

function refused(error: unknown): Refused {
  const { code, message } = refusalFrom(error)
  return { ok: false, code, reason: message }
}

/** What is held of an archive, read from the store, as far as the newest root still vouches for it. */
import { ReleaseError } from './errors.ts'
import {
  parseRoot,
  parseSnapshot,
  parseTargets,
  parseTimestamp,
  type Root,
  type Signed,
  type SignedFile,
  type Snapshot,
  type Targets,
  type Timestamp,
} from './metadata.ts'
import { refusalFrom } from './refusal.ts'
import { requireThreshold } from './signatures.ts'
import type { TrustedRoots } from './root-chain.ts'
import type { TrustedState } from './trusted-state.ts'

export interface HeldRoles {
  timestamp?: SignedFile<Timestamp>
  snapshot?: SignedFile<Snapshot>
  targets?: SignedFile<Targets>
}

/** A state in shapes; `trusted` is null when nothing but the address is known. */
interface ReadState {
  trusted: TrustedRoots | null
  held: HeldRoles
}

/** A mirror judges one announcement after the other against the state that the last one gave, so that one is read already. */
const readBefore = new WeakMap<TrustedState, ReadState>()

/** @param read what the verifier has in hands of a state that it is about to give out */
export function rememberRead(state: TrustedState, read: ReadState): void {
  readBefore.set(state, read)
}

/**
 * Reads without verifying: what is stored was verified when it came in.
 *
 * @throws ReleaseError 'bad-state' when it cannot be read: a damaged store is no peer's fault and no verdict on a peer
 */
export function readHeld(state: TrustedState): ReadState {
  const known = readBefore.get(state)
  return known !== undefined && isOf(state, known) ? known : readAfresh(state)
}

/** Whether nobody put other files into the object since. */
function isOf({ roots, timestamp, snapshot, targets }: TrustedState, { trusted, held }: ReadState): boolean {
  return (
    roots.length === trusted?.files.length &&
    roots.every((root, at) => root === trusted.files[at]) &&
    timestamp === held.timestamp?.bytes &&
    snapshot === held.snapshot?.bytes &&
    targets === held.targets?.bytes
  )
}

function readAfresh(state: TrustedState): ReadState {
  try {
    const last = state.roots.at(-1)
    const newest = last === undefined ? null : parseRoot(last)
    if (newest && newest.signed.version !== state.roots.length) throw new RangeError('the roots are out of order')
    const held: HeldRoles = {
      ...(state.timestamp && { timestamp: parseTimestamp(state.timestamp) }),
      ...(state.snapshot && { snapshot: parseSnapshot(state.snapshot) }),
      ...(state.targets && { targets: parseTargets(state.targets) }),
    }
    return { trusted: newest && { files: state.roots, newest }, held }
  } catch (cause) {
    throw new ReleaseError('bad-state', 'the stored metadata cannot be read', { cause })
  }
}

/**
 * TUF 5.3.11, fast-forward recovery: what was signed with keys that are gone no longer counts against rollback, or a
 * thief could block an archive for good by the highest version number there is. What the new keys cover counts on.
 *
 * @param root the newest root, with other keys perhaps than those that signed what is held
 */
export async function stillVouchedFor(held: HeldRoles, root: Root): Promise<HeldRoles> {
  const kept: HeldRoles = {}
  const timestampStands = !held.timestamp || (await meetsThreshold(held.timestamp, root, 'timestamp'))
  const snapshotStands = !held.snapshot || (await meetsThreshold(held.snapshot, root, 'snapshot'))
  // Both or neither: each holds the other's version up, so a thief of one key could otherwise still block both.
  if (timestampStands && snapshotStands) {
    if (held.timestamp) kept.timestamp = held.timestamp
    if (held.snapshot) kept.snapshot = held.snapshot
  }
  if (held.targets && (await meetsThreshold(held.targets, root, 'targets'))) kept.targets = held.targets
  return kept
}

/** Whether the root's keys for this role signed the file often enough. */
export async function meetsThreshold(file: SignedFile<Signed>, root: Root, role: string): Promise<boolean> {
  try {
    await requireThreshold(file, root, role)
    return true
  } catch (error) {
    refusalFrom(error)
    return false
  }
}

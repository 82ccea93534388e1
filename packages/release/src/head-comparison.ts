/** Whether a verified announcement takes us forward from what we hold, or back, or aside. */
import { equals } from 'multiformats/bytes'
import type { HeldRoles } from './held-roles.ts'
import { Refusal } from './refusal.ts'
import { forbidSnapshotRollback, forbidTimestampRollback } from './rollback.ts'
import type { VerifiedRoles } from './trusted-state.ts'

type Direction = 'forward' | 'same' | 'older'

/**
 * @param held only what the newest root still vouches for
 * @param rootsGrew whether the announcement also brought new roots
 * @returns where the announcement leads; 'older' only when it is an honest earlier one in all its parts
 * @throws Refusal 'fork', or a rollback in the code of the role that goes back
 */
export function compareHeads(held: HeldRoles, offered: VerifiedRoles, rootsGrew: boolean): Direction {
  forbidFork(held, offered)
  const steps = [
    offered.timestamp.signed.version - (held.timestamp?.signed.version ?? 0),
    offered.snapshot.signed.version - (held.snapshot?.signed.version ?? 0),
    offered.targets.signed.version - (held.targets?.signed.version ?? 0),
  ]
  if (!rootsGrew && steps.every((step) => step <= 0)) {
    // Peers that slept repeat what was once the newest: nothing to blame them for, nothing to take from them.
    // TUF 5.4.3.1: an equal version changes nothing, whatever else it says.
    return steps.every((step) => step === 0) ? 'same' : 'older'
  }
  if (held.timestamp) forbidTimestampRollback(held.timestamp.signed, offered.timestamp.signed)
  if (held.snapshot) forbidSnapshotRollback(held.snapshot.signed, offered.snapshot.signed)
  // Beyond TUF, which compares targets only through the snapshot: a stolen heartbeat key whose snapshot was
  // dropped by a rotation must not bring an old release back.
  if (held.targets && offered.targets.signed.version < held.targets.signed.version) {
    throw new Refusal(
      'rollback-targets',
      `release ${offered.targets.signed.version} after ${held.targets.signed.version}`,
    )
  }
  return 'forward'
}

/** Whether every part is of a version that we hold or had. */
export function isNoNewer(held: HeldRoles, offered: VerifiedRoles): boolean {
  return (
    offered.timestamp.signed.version <= (held.timestamp?.signed.version ?? 0) &&
    offered.snapshot.signed.version <= (held.snapshot?.signed.version ?? 0) &&
    offered.targets.signed.version <= (held.targets?.signed.version ?? 0)
  )
}

/** Fork: two releases under one version, both fully signed. The first stays (trust.md). */
function forbidFork(held: HeldRoles, offered: VerifiedRoles): void {
  if (held.targets?.signed.version !== offered.targets.signed.version) return
  // What is signed decides: the same release with one more signature is no fork.
  if (equals(held.targets.signedBytes, offered.targets.signedBytes)) return
  throw new Refusal('fork', `two different releases are signed as version ${offered.targets.signed.version}`)
}

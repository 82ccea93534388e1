/** What may never go down from one accepted state to the next (TUF 5.4.3, 5.5.5). */
import type { Snapshot, Timestamp } from './metadata.ts'
import { Refusal } from './refusal.ts'

/** @throws Refusal when the timestamp, or the snapshot it names, is older than the one held */
export function forbidTimestampRollback(held: Timestamp, offered: Timestamp): void {
  // TUF 5.4.3.1: rollback of the timestamp. Equal versions are the caller's matter.
  if (offered.version < held.version) {
    throw new Refusal('rollback-timestamp', `timestamp version ${offered.version} after ${held.version}`)
  }
  // TUF 5.4.3.2: rollback of the snapshot.
  if (offered.snapshot.version < held.snapshot.version) {
    throw new Refusal(
      'rollback-snapshot',
      `snapshot version ${offered.snapshot.version} after ${held.snapshot.version}`,
    )
  }
}

/** @throws Refusal when the snapshot is older than the one held, or loses or sets back a file that the held one lists */
export function forbidSnapshotRollback(held: Snapshot, offered: Snapshot): void {
  // TUF 5.4.3.2, for a held snapshot whose timestamp is gone.
  if (offered.version < held.version) {
    throw new Refusal('rollback-snapshot', `snapshot version ${offered.version} after ${held.version}`)
  }
  for (const [name, before] of held.files) {
    const now = offered.files.get(name)
    // TUF 5.5.5: a role taken out of the list could come back older.
    if (now === undefined) throw new Refusal('rollback-targets', `the snapshot no longer lists ${name}`)
    // TUF 5.5.5: rollback of one file inside.
    if (now.version < before.version) {
      throw new Refusal('rollback-targets', `${name} version ${now.version} after ${before.version}`)
    }
  }
}

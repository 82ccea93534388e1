/** The same bytes under the names of a TUF repository with consistent snapshots (TUF 6.2, trust.md). */
import { parseSnapshot, parseTargets } from './metadata.ts'
import type { TrustedState } from './trusted-state.ts'

/**
 * @param state what is held; its bytes are trusted
 * @returns each metadata file by the name that TUF clients ask for: `1.root.json`, `timestamp.json`, `7.snapshot.json`,
 *   `5.targets.json`. Only the newest snapshot and targets: older ones lie elsewhere.
 */
export function repositoryFiles(state: TrustedState): Map<string, Uint8Array> {
  const files = new Map(state.roots.map((root, i) => [`${i + 1}.root.json`, root]))
  if (state.timestamp) files.set('timestamp.json', state.timestamp)
  if (state.snapshot) files.set(`${parseSnapshot(state.snapshot).signed.version}.snapshot.json`, state.snapshot)
  if (state.targets) files.set(`${parseTargets(state.targets).signed.version}.targets.json`, state.targets)
  return files
}

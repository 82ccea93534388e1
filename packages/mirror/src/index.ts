/** What a mirror fetches, pins, serves and forgets: decisions alone, no I/O. */
export type { Effect } from './effects.ts'
export type { JobId, PeerName, TimerId } from './names.ts'
export { MirrorError } from './errors.ts'
export type { Input } from './inputs.ts'
export {
  DEFAULT_KEEP,
  MAX_FALLBACKS,
  MAX_HEADS,
  MAX_LEFTOVERS,
  MAX_PEERS,
  MAX_SOURCES,
  RETRY_MAX_MS,
  SLOW_RETRY_MS,
  SYNC_MS,
} from './limits.ts'
export { MirrorMachine, type MirrorSettings } from './machine.ts'
export type { ArchiveView } from './view.ts'

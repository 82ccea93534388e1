/** What TUF clients are confronted with and what they make of it; and our own client as one of them. */
import { percentEncoded, TufClient } from '@holdfast/release'
import type { Statement } from './forgery.ts'

/** What a client is confronted with. File names and trusted roles are percent-encoded, without `.json` for roles. */
export interface TufCase {
  trusted: ReadonlyMap<string, Uint8Array>
  served: ReadonlyMap<string, Uint8Array>
  now: Date
  /** A target to look for after a refresh that went well. */
  path: string | null
}

export interface TufJudgement {
  /** `refused`: the refresh; `no-target`: refreshed, and then the search was refused. */
  outcome: 'ok' | 'refused' | 'no-target'
  reason: string
  trusted: Map<string, Buffer>
  /** Names of the files that were asked for. */
  asked: string[]
  /** JSON of length and hashes; null when nobody names it, or nothing was looked for. */
  target: string | null
}

/** A TUF client that is not ours. */
export interface StockClient {
  judge: (given: TufCase) => Promise<TufJudgement>
  /** Whether it reads the patterns of a delegated role otherwise than a shell does, for this path. */
  readsOtherwise: (role: Statement, path: string) => boolean
}

/** Judges with packages/release. */
export async function judgeWithOurs({ trusted, served, now, path }: TufCase): Promise<TufJudgement> {
  const store = new Map([...trusted].map(([role, bytes]) => [role, Buffer.from(bytes)]))
  const asked: string[] = []
  const client = new TufClient(
    {
      read: async (role) => store.get(percentEncoded(role)) ?? null,
      write: async (role, bytes) => void store.set(percentEncoded(role), Buffer.from(bytes)),
      remove: async (role) => void store.delete(percentEncoded(role)),
    },
    {
      fetch: async (file) => {
        asked.push(file)
        return served.get(file) ?? null
      },
    },
    now,
  )
  const rest = { trusted: store, asked, target: null }
  const refreshed = await client.refresh()
  if (!refreshed.ok) return { outcome: 'refused', reason: `${refreshed.code}: ${refreshed.reason}`, ...rest }
  if (path === null) return { outcome: 'ok', reason: '', ...rest }
  const found = await client.findTarget(path)
  if (!found.ok) return { outcome: 'no-target', reason: `${found.code}: ${found.reason}`, ...rest }
  if (found.value === null) return { outcome: 'ok', reason: '', ...rest }
  const { length, hashes } = found.value.record
  return { outcome: 'ok', reason: '', ...rest, target: JSON.stringify({ length, hashes: Object.fromEntries(hashes) }) }
}

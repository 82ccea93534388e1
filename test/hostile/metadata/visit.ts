/** A repository made by a working publisher, and a new client that visits it. */
import { TufRepository, type Edits, type TufKey } from '@holdfast/testkit'
import { TufClient } from '@holdfast/release'

export const NOW = Date.parse('2026-03-01T12:00:00Z')

/** @returns `ok`, or the code, for a new client that trusts the first root */
export async function refreshed(repository: TufRepository, edits: Edits = {}): Promise<string> {
  const files = repository.build(edits)
  const trusted = new Map([['root', files.get('1.root.json') as Uint8Array]])
  const client = new TufClient(
    {
      read: async (role) => trusted.get(role) ?? null,
      write: async (role, bytes) => void trusted.set(role, bytes),
      remove: async (role) => void trusted.delete(role),
    },
    { fetch: async (file) => files.get(file) ?? null },
    new Date(repository.now),
  )
  const outcome = await client.refresh()
  return outcome.ok ? 'ok' : outcome.code
}

/** A repository whose targets two must sign; one of them is alice. */
export function ofTwo(alice: TufKey, other: TufKey): TufRepository {
  const repository = new TufRepository(NOW, [alice])
  repository.keys.set(other.id, other)
  repository.root.keys[other.id] = other.object
  repository.root.roles.targets = { keyids: [alice.id, other.id], threshold: 2 }
  return repository
}

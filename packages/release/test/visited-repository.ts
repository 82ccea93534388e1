/** A TUF repository and somebody who visits it with TufClient: both capabilities in memory, everything to be looked at. */
import { tufKey, TufRepository, type TufKey } from '@holdfast/testkit'
import { TufClient, type MetadataSource, type TrustedFiles } from '../src/index.ts'

/** What the clock of all visits shows, unless told otherwise. */
export const NOW = Date.parse('2026-03-01T12:00:00Z')

export class VisitedRepository {
  /** Its first key signs everything until `rotate` says otherwise; the others are known to it. */
  readonly repository: TufRepository
  /** What a visitor meets. */
  served: ReadonlyMap<string, Uint8Array>
  /** What the visitor trusts, by role: the first root to begin with. */
  stored: Map<string, Uint8Array>
  /** What the last visit asked for. */
  asked: [file: string, maxBytes: number][] = []

  constructor(others: TufKey[]) {
    this.repository = new TufRepository(NOW, [tufKey('ed25519', 1)])
    for (const key of others) this.repository.keys.set(key.id, key)
    this.served = this.repository.publish()
    this.stored = new Map([['root', this.file('1.root.json')]])
  }

  /** @throws Error when it is not served */
  file(name: string): Uint8Array {
    const bytes = this.served.get(name)
    if (bytes === undefined) throw new Error(`${name} is not served`)
    return bytes
  }

  trustedFiles(): TrustedFiles {
    return {
      read: async (role) => this.stored.get(role) ?? null,
      write: async (role, bytes) => void this.stored.set(role, bytes),
      remove: async (role) => void this.stored.delete(role),
    }
  }

  source(files: ReadonlyMap<string, Uint8Array> = this.served): MetadataSource {
    return {
      fetch: async (file, maxBytes) => {
        this.asked.push([file, maxBytes])
        return files.get(file) ?? null
      },
    }
  }

  /** A new visit. */
  client(files = this.served, now = NOW): TufClient {
    this.asked = []
    return new TufClient(this.trustedFiles(), this.source(files), new Date(now))
  }

  /** @returns `ok`, or the code of the refusal */
  async refresh(files = this.served, now = NOW): Promise<string> {
    const outcome = await this.client(files, now).refresh()
    return outcome.ok ? 'ok' : outcome.code
  }

  names(): string[] {
    return this.asked.map(([file]) => file)
  }

  /** @returns the version that is trusted, null for none */
  versionOf(role: string): number | null {
    const bytes = this.stored.get(role)
    return bytes === undefined ? null : JSON.parse(new TextDecoder().decode(bytes)).signed.version
  }

  /** The next version of each of these. */
  advance(...roles: string[]): void {
    for (const role of roles) this.repository.statementOf(role).version += 1
  }

  /** Publishes a new root, with one other key for each role that is named. */
  rotate(roles: { [role: string]: TufKey } = {}): void {
    this.repository.publish()
    const root = this.repository.nextRoot()
    for (const [role, key] of Object.entries(roles)) {
      root.keys[key.id] = key.object
      root.roles[role] = { keyids: [key.id], threshold: 1 }
    }
    this.served = this.repository.publish()
  }
}

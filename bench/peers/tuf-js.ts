/** The verifying half of tuf-js, which its client uses for each file that it was given. */
import { createRequire } from 'node:module'
import type { TrustedState } from '@holdfast/release'

interface Store {
  updateTimestamp(bytes: Buffer): void
  updateSnapshot(bytes: Buffer, trusted?: boolean): void
  updateDelegatedTargets(bytes: Buffer, role: string, delegator: string): void
}

const { TrustedMetadataStore: Trusted } = createRequire(import.meta.url)('tuf-js/dist/store') as {
  TrustedMetadataStore: new (root: Buffer) => Store
}

export const TrustedMetadataStore = {
  /** Judges what is new against what was held. @throws when it does not verify */
  judge(held: TrustedState, offered: TrustedState): void {
    const store = new Trusted(Buffer.from(held.roots.at(-1) ?? []))
    store.updateTimestamp(Buffer.from(held.timestamp ?? []))
    store.updateTimestamp(Buffer.from(offered.timestamp ?? []))
    try {
      store.updateSnapshot(Buffer.from(held.snapshot ?? []), true)
    } catch {
      // The client as well tries the one it has first, and it is never the new one.
    }
    store.updateSnapshot(Buffer.from(offered.snapshot ?? []))
    store.updateDelegatedTargets(Buffer.from(offered.targets ?? []), 'targets', 'root')
  },
}

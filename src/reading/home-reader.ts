/** What this home already holds of an archive, read while its daemon may be writing. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { BlockReader } from '@holdfast/dag'
import { LocalSource, parseHint, type BlockSource, type Hint } from '@holdfast/network'
import { openState, type ReleaseInfo } from '@holdfast/release'
import type { KnownState } from '../archives/judge-announcement.ts'
import { ControlClient } from '../control/control-client.ts'
import type { Home } from '../home.ts'
import { ArchiveStore } from '../store/archive-store.ts'
import { BlockStore } from '../store/block-store.ts'

interface Held {
  state: KnownState
  release: ReleaseInfo | null
}

export class HomeReader {
  /** null when nothing was ever kept here. */
  readonly blocks: BlockStore | null
  readonly archives: ArchiveStore
  /** What its maintainer signed lies apart from what it mirrors (docs/decisions/009). */
  readonly #maintained: { archives: ArchiveStore; blocks: BlockStore | null }
  readonly #home: Home
  readonly #now: Date

  private constructor(home: Home, now: Date) {
    const maintained = join(home.data, 'maintainer')
    this.#home = home
    this.blocks = storeIn(home.blocks)
    this.archives = new ArchiveStore(home.archives)
    this.#maintained = {
      archives: new ArchiveStore(join(maintained, 'archives')),
      blocks: storeIn(join(maintained, 'blocks')),
    }
    this.#now = now
  }

  static async open(home: Home, now: Date): Promise<HomeReader> {
    return new HomeReader(home, now)
  }

  /** What is held of an archive, mirrored or maintained: the start from which nobody can lead back. */
  async archive(address: string): Promise<Held> {
    const mirrored = await this.#heldIn(this.archives, address)
    const maintained = await this.#heldIn(this.#maintained.archives, address)
    return (maintained.release?.version ?? 0) > (mirrored.release?.version ?? 0) ? maintained : mirrored
  }

  /** Addresses of all archives that are mirrored or maintained here. */
  async addresses(): Promise<string[]> {
    const both = [await this.archives.addresses(), await this.#maintained.archives.addresses()]
    return [...new Set(both.flat())]
  }

  async #heldIn(archives: ArchiveStore, address: string): Promise<Held> {
    const nothing = { state: { address, roots: [] as [] }, release: null }
    const stored = await archives.load(address)
    if (stored === null || stored.state.roots.length === 0) return nothing
    const opened = await openState(stored.state, this.#now)
    return opened.ok ? { state: stored.state, release: opened.release } : nothing
  }

  /** Where this home would look: the hints of an archive that is followed, or of all when none is named; its own daemon first. */
  async hintsFor(address: string | null): Promise<Hint[]> {
    const texts: string[] = []
    const daemon = await ControlClient.connect(this.#home.socket)
    if (daemon !== null) texts.push((await daemon.status()).gateway ?? '')
    for (const one of address === null ? await this.archives.addresses() : [address]) {
      texts.push(...((await this.archives.load(one))?.hints ?? []))
    }
    return [...new Set(texts)].filter((text) => text !== '').map(parseHint)
  }

  /** All blocks that are here. */
  reader(): BlockReader {
    const stores = this.#stores()
    return {
      has: async (cid) => (await Promise.all(stores.map(async (blocks) => await blocks.has(cid)))).includes(true),
      get: async (cid) => {
        for (const blocks of stores) {
          const bytes = await blocks.get(cid)
          if (bytes !== null) return bytes
        }
        return null
      },
    }
  }

  sources(): BlockSource[] {
    return this.#stores().map((blocks) => new LocalSource('this home', blocks))
  }

  #stores(): BlockStore[] {
    return [this.blocks, this.#maintained.blocks].filter((blocks) => blocks !== null)
  }

  async close(): Promise<void> {
    await this.blocks?.close()
    await this.#maintained.blocks?.close()
  }
}

function storeIn(folder: string): BlockStore | null {
  return existsSync(folder) ? BlockStore.open(folder, { readOnly: true }) : null
}

/** What this home already holds of an archive, read while its daemon may be writing. */
import { existsSync } from 'node:fs'
import { LocalSource, parseHint, type BlockSource, type Hint } from '@holdfast/network'
import { openState, type ReleaseInfo } from '@holdfast/release'
import type { KnownState } from '../archives/judge-announcement.ts'
import { ControlClient } from '../control/control-client.ts'
import type { Home } from '../home.ts'
import { ArchiveStore } from '../store/archive-store.ts'
import { BlockStore } from '../store/block-store.ts'

export class HomeReader {
  /** null when nothing was ever kept here. */
  readonly blocks: BlockStore | null
  readonly archives: ArchiveStore
  readonly #home: Home
  readonly #now: Date

  private constructor(home: Home, blocks: BlockStore | null, now: Date) {
    this.#home = home
    this.blocks = blocks
    this.archives = new ArchiveStore(home.archives)
    this.#now = now
  }

  static async open(home: Home, now: Date): Promise<HomeReader> {
    const blocks = existsSync(home.blocks) ? BlockStore.open(home.blocks, { readOnly: true }) : null
    return new HomeReader(home, blocks, now)
  }

  /** What is held of an archive: the start from which nobody can lead back. */
  async archive(address: string): Promise<{ state: KnownState; release: ReleaseInfo | null }> {
    const nothing = { state: { address, roots: [] as [] }, release: null }
    const stored = await this.archives.load(address)
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

  sources(): BlockSource[] {
    return this.blocks === null ? [] : [new LocalSource('this home', this.blocks)]
  }

  async close(): Promise<void> {
    await this.blocks?.close()
  }
}

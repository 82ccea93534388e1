/** A home folder worked on while no daemon runs in it. */
import { ArchiveBook } from '../archives/archive-book.ts'
import type { CommandContext } from '../command.ts'
import { lockHome } from '../home-lock.ts'
import { makeHome } from '../home.ts'
import { ArchiveStore } from '../store/archive-store.ts'
import { BlockStore } from '../store/block-store.ts'
import { Retention } from '../store/retention.ts'
import { Keeper } from './keeper.ts'

export interface OfflineHome {
  keeper: Keeper
  book: ArchiveBook
}

/** Locks the home, opens its stores, and closes all again. @throws StoreError 'home-in-use' when a daemon began meanwhile */
export async function withHome<T>(
  { home, out, now }: CommandContext,
  work: (opened: OfflineHome) => Promise<T>,
): Promise<T> {
  makeHome(home)
  const lock = await lockHome(home)
  try {
    const blocks = BlockStore.open(home.blocks)
    try {
      const keeper = new Keeper(blocks, new Retention(blocks), (line) => out.note(line))
      const book = await ArchiveBook.open(new ArchiveStore(home.archives), now)
      return await work({ keeper, book })
    } finally {
      await blocks.close()
    }
  } finally {
    await lock.release()
  }
}

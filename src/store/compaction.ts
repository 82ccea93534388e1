/** Gives the space of dead blocks back to the disk: removes dead packs, copies the rest of mostly dead ones. */
import { setImmediate } from 'node:timers/promises'
import { cidOf } from './block-cid.ts'
import type { Move, PackRow } from './block-index.ts'
import type { BlockStore } from './block-store.ts'
import { StoreError, storeErrorFrom } from './errors.ts'
import { COMPACT_DEAD_RATIO, COMPACT_SLICE_BYTES } from './limits.ts'
import { encodeHeader, PACK_HEADER } from './section.ts'
import { sha256 } from './sha256.ts'

/**
 * Each step leaves a store that opens and holds every live block: copies are durable before the index points to them,
 * and a pack is removed after nothing points to it. A full disk or a damaged block ends the copying, not the store.
 *
 * @returns bytes given back to the disk
 * @throws StoreError 'io'
 */
export async function compact(store: BlockStore): Promise<number> {
  let freed = 0
  try {
    await store.flush()
    await sealWhenMostlyDead(store)
    freed += removeDeadPacks(store)
    for (const { pack } of mostlyDead(store)) {
      if (await emptyPack(store, pack)) freed += removeDeadPacks(store)
    }
  } catch (error) {
    const failure = storeErrorFrom(error, 'giving space back')
    if (failure.code !== 'disk-full') throw failure
    // Copying needs room. What could be removed without copying goes all the same.
    freed += removeDeadPacks(store)
  }
  return freed
}

/** The pack that is written to cannot be removed, so the next block begins another. */
async function sealWhenMostlyDead(store: BlockStore): Promise<void> {
  const current = store.appender.writer.currentPack
  const row = store.index.packs().find(({ pack }) => pack === current)
  if (row === undefined || !isMostlyDead(store, row)) return
  store.appender.writer.seal()
  await store.flush()
}

function mostlyDead(store: BlockStore): PackRow[] {
  return store.index.packs().filter((row) => !store.appender.writer.isOpen(row.pack) && isMostlyDead(store, row))
}

function isMostlyDead(store: BlockStore, { pack, sectionBytes }: PackRow): boolean {
  const size = store.files.sizeOf(pack) - PACK_HEADER.length
  return size > 0 && size - sectionBytes >= size * COMPACT_DEAD_RATIO
}

/** @returns bytes of the files that went */
function removeDeadPacks(store: BlockStore): number {
  let freed = 0
  for (const { pack, blocks } of store.index.packs()) {
    if (blocks > 0 || store.appender.writer.isOpen(pack)) continue
    freed += store.files.sizeOf(pack)
    // In this order: a row without a file says that nothing of it is wanted; a file without a row would be read again.
    store.files.remove(pack)
    store.index.dropPack(pack)
  }
  return freed
}

/** Copies what lives in a pack elsewhere. @returns false when a block in it is damaged; then the pack stays */
async function emptyPack(store: BlockStore, pack: number): Promise<boolean> {
  const moves: Move[] = []
  let slice = 0
  for (const block of store.index.blocksOf(pack)) {
    const bytes = soundBytes(store, block)
    if (bytes === null) return false
    const to = store.appender.writer.append(encodeHeader(block.digest, block.codec, block.size), bytes)
    moves.push({ digest: block.digest, from: block, to })
    slice += block.size
    if (slice < COMPACT_SLICE_BYTES) continue
    slice = 0
    await setImmediate()
  }
  await store.flush()
  store.index.transaction(() => store.index.move(moves))
  return true
}

function soundBytes(store: BlockStore, block: Move['from'] & { digest: Uint8Array }): Uint8Array | null {
  try {
    const bytes = store.readAt(cidOf(block), block)
    return Buffer.compare(sha256(bytes), block.digest) === 0 ? bytes : null
  } catch (error) {
    if (error instanceof StoreError && error.code === 'damaged') return null
    throw error
  }
}

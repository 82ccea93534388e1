/** Brings the blocks of one release into a store: the manifest to plan by, then the walk that decides (trust.md). */
import { setTimeout as delay } from 'node:timers/promises'
import { DagError, type BlockReader, type BlockWriter } from '@holdfast/dag'
import {
  BlockFetcher,
  budgetFor,
  fetchListed,
  fetchTree,
  NetworkError,
  type BlockSource,
  type FetchEvents,
  type Sharing,
} from '@holdfast/network'
import type { CID } from 'multiformats/cid'
import { FLUSH_AFTER_MS, MANIFEST_ATTEMPTS, MANIFEST_RETRY_MS } from '../limits.ts'

/** What is to be fetched: a signed release, or a bare root CID of which nothing more is known. */
export interface Wanted {
  cid: CID
  manifest?: CID
  /** Bytes of all files, as signed. */
  size?: number
  files?: number
}

export interface FetchProgress extends FetchEvents {
  /** So many blocks and bytes are missing and will be fetched. */
  planned?(blocks: number, bytes: number): void
  /** Bytes that may be stored, where that is less than the release was signed for. */
  room?: number
  /** The manifest is in the store. */
  listed?(): void
  /** As FetchSettings.shared: given where other mirrors fetch the same. */
  shared?: Sharing
}

/** Where fetched blocks go. */
export interface FetchStore extends BlockReader, BlockWriter {
  /** Makes what was put durable; left out where nothing is to outlive the process. */
  flush?(): Promise<void>
}

/** A fetch that runs: sources may join it. */
export interface RunningFetch {
  addSource(source: BlockSource): void
  /** A source that holds a part holds more. */
  offersChanged(): void
  /** CIDs that are on their way from sources that hold everything. */
  asked(): string[]
  /** The first block that somebody was asked for and has not sent, and who; null when nothing is asked for. */
  waitingFor(): BlockFetcher['waitingFor']
  /** Resolves when every block that the root reaches is in the store. */
  readonly done: Promise<void>
}

/**
 * @param store every block is verified before it is put here; what came is made durable soon after, so that a power cut
 *   on a slow line costs little of it
 * @returns at once; `done` rejects with a NetworkError or with what the store throws
 */
export function startFetch(
  wanted: Wanted,
  store: FetchStore,
  sources: readonly BlockSource[],
  signal: AbortSignal,
  progress: FetchProgress = {},
): RunningFetch {
  const { cid, manifest, size, files } = wanted
  const signed = size === undefined || files === undefined ? Infinity : budgetFor(size, files)
  const budget = Math.min(signed, progress.room ?? Infinity)
  const flushing = new LazyFlush(store)
  const fetcher = new BlockFetcher(
    store,
    signal,
    budget,
    flushing.watch(progress),
    progress.shared === undefined ? {} : { shared: progress.shared },
  )
  for (const source of sources) fetcher.addSource(source)
  const run = async (): Promise<void> => {
    if (manifest !== undefined) await plan(manifest, store, fetcher, progress, signal)
    await fetchTree(cid, store, fetcher)
    await flushing.end()
  }
  return {
    addSource: (source) => fetcher.addSource(source),
    offersChanged: () => fetcher.offersChanged(),
    asked: () => fetcher.asked(),
    waitingFor: () => fetcher.waitingFor,
    done: run(),
  }
}

/** Flushes a while after a block came, and not once for each. */
class LazyFlush {
  readonly #store: FetchStore
  #timer: NodeJS.Timeout | null = null

  constructor(store: FetchStore) {
    this.#store = store
  }

  watch(progress: FetchProgress): FetchProgress {
    return {
      ...progress,
      block: (cid, bytes, source) => {
        this.#timer ??= setTimeout(() => {
          this.#timer = null
          // What cannot be made durable now shows at the end, where somebody waits for it.
          this.#store.flush?.().catch(() => undefined)
        }, FLUSH_AFTER_MS).unref()
        progress.block?.(cid, bytes, source)
      },
    }
  }

  /** @throws what the store throws */
  async end(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    await this.#store.flush?.()
  }
}

/** A manifest that is missing, wrong or names too much costs a slower walk and nothing else. */
async function plan(
  manifest: CID,
  store: BlockReader & BlockWriter,
  fetcher: BlockFetcher,
  progress: FetchProgress,
  signal: AbortSignal,
): Promise<void> {
  try {
    await fetchManifest(manifest, store, fetcher, progress, signal)
    progress.listed?.()
    await fetchListed(manifest, store, fetcher, (wants) => {
      progress.planned?.(
        wants.length,
        wants.reduce((sum, want) => sum + (want.size ?? 0), 0),
      )
    })
  } catch (error) {
    if (error instanceof DagError) return
    if (error instanceof NetworkError && error.code === 'incomplete') return
    throw error
  }
}

/** Where others fetch the same, they too may have it in a moment. */
async function fetchManifest(
  manifest: CID,
  store: BlockReader & BlockWriter,
  fetcher: BlockFetcher,
  { shared }: FetchProgress,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchTree(manifest, store, fetcher)
    } catch (error) {
      const mayCome = shared !== undefined && error instanceof NetworkError && error.code === 'incomplete'
      if (!mayCome || attempt >= MANIFEST_ATTEMPTS) throw error
      await delay(MANIFEST_RETRY_MS, undefined, { signal })
    }
  }
}

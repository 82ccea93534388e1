/** Blocks of this home, else of mirrors: to compare with a release whose blocks were lost here. */
import type { BlockReader, BlockWriter } from '@holdfast/dag'
import { BlockFetcher, CarrierSource, NetworkError } from '@holdfast/network'
import { FetchingReader } from '../reading/layered-store.ts'
import type { ReachedMirror } from '../reading/mirrors.ts'

/** @returns a reader whose `get` gives null where nobody who was reached has the block */
export function remoteReader(
  store: BlockReader & BlockWriter,
  mirrors: readonly ReachedMirror[],
  signal: AbortSignal,
): BlockReader {
  return new FetchingReader(store, async (cid) => {
    const fetcher = new BlockFetcher(store, signal, Infinity)
    for (const { carrier } of mirrors) fetcher.addSource(new CarrierSource(carrier))
    try {
      await fetcher.fetch([{ cid }])
    } catch (error) {
      if (!(error instanceof NetworkError) || error.code === 'cancelled') throw error
    }
  })
}

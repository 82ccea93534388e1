/** Blocks from a mirror by the batch, and from any trustless gateway one by one. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { writeCar, type Block } from '@holdfast/dag'
import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import {
  BATCH_BLOCKS,
  BlockFetcher,
  CarrierSource,
  CID_LIST_TYPE,
  parseCidList,
  type BlockSource,
} from '../src/index.ts'
import { MAX_BLOCK_BYTES } from '../src/limits.ts'
import { encodeCidList } from '../src/transfer/cid-list.ts'
import { CARRIERS, startServer, urlCarrier } from './live-peers.ts'
import { MemoryBlocks, sampleBlocks } from './memory-blocks.ts'

const BLOCKS = sampleBlocks(40, 50_000)
const wants = BLOCKS.map(({ cid, bytes }) => ({ cid, size: bytes.byteLength }))

interface Served {
  serve: RequestListener
  batches: number
  raws: number
}

/** A mirror of these blocks; `batch` answers otherwise than with the blocks. */
function mirrorOf(blocks: readonly Block[], batch?: (response: ServerResponse, cids: CID[]) => unknown): Served {
  const store = MemoryBlocks.of(blocks)
  const served = { serve, batches: 0, raws: 0 }
  function serve(request: IncomingMessage, response: ServerResponse): void {
    // Whoever has caught a lie leaves in the middle of its other requests: no error of the server's.
    if (request.url === '/blocks')
      void answerBatch(request, response).catch((error: unknown) => {
        if (!hasLeft(error)) throw error
      })
    else answerRaw(request.url ?? '', response)
  }
  async function answerBatch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    served.batches++
    expect(request.headers['content-type']).toBe(CID_LIST_TYPE)
    const cids = parseCidList(await joined(request), BATCH_BLOCKS) ?? []
    if (batch !== undefined) return void batch(response, cids)
    return await pipeline(writeCar([], held(cids, store)), response)
  }
  function answerRaw(url: string, response: ServerResponse): void {
    served.raws++
    const bytes = store.blocks.get(/^\/ipfs\/(\w+)\?format=raw$/.exec(url)?.[1] ?? '')
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes)
  }
  return served
}

async function fetchAll(...sources: BlockSource[]): Promise<{ store: MemoryBlocks; lies: string[] }> {
  const store = new MemoryBlocks()
  const lies: string[] = []
  const fetcher = new BlockFetcher(store, AbortSignal.timeout(20_000), Infinity, {
    liar: (_name, why) => lies.push(why),
  })
  for (const source of sources) fetcher.addSource(source)
  await fetcher.fetch(wants)
  for (const { cid, bytes } of BLOCKS)
    expect(Buffer.compare(store.blocks.get(cid.toString()) ?? Buffer.alloc(0), bytes)).toBe(0)
  return { store, lies }
}

describe.each(CARRIERS)('over %s', (_name, carry) => {
  it('blocks come by the batch', async () => {
    const mirror = mirrorOf(BLOCKS)
    await fetchAll(new CarrierSource(await carry(mirror.serve)))
    expect(mirror).toMatchObject({ raws: 0 })
    expect(mirror.batches).toBeLessThan(10)
  })

  it('one mirror has one half, another the other', async () => {
    const halves = [mirrorOf(BLOCKS.slice(0, 20)), mirrorOf(BLOCKS.slice(20))]
    const [one, other] = await Promise.all(halves.map(async ({ serve }) => new CarrierSource(await carry(serve))))
    await fetchAll(one as BlockSource, other as BlockSource)
  })

  it('a mirror that dies in the middle of a batch leaves the rest to another', async () => {
    const dying = mirrorOf(BLOCKS, async (response, cids) => {
      const some = await joined(writeCar([], held(cids.slice(0, 3))))
      response.write(some.subarray(0, -100), () => response.destroy())
    })
    const { lies } = await fetchAll(
      new CarrierSource(await carry(dying.serve)),
      new CarrierSource(await carry(mirrorOf(BLOCKS).serve)),
    )
    expect(lies).toEqual([])
  })

  it('a mirror that lies is dropped', async () => {
    const liar = mirrorOf(BLOCKS.map(({ cid }) => ({ cid, bytes: new Uint8Array(10) })))
    const { lies } = await fetchAll(
      new CarrierSource(await carry(liar.serve)),
      new CarrierSource(await carry(mirrorOf(BLOCKS).serve)),
    )
    expect(lies).toEqual([expect.stringContaining('sent bytes that are not the block')])
  })

  it('garbage and endless blocks instead of a CAR are lies', async () => {
    const garbage = mirrorOf(BLOCKS, (response) => response.end('<html>not here</html>'))
    const endless = mirrorOf(BLOCKS, async (response) => {
      response.write(await joined(writeCar([], held([]))))
      // A block of 4 GiB begins.
      response.write(new Uint8Array([0x80, 0x80, 0x80, 0x80, 0x10]))
      await pipeline(forEver(new Uint8Array(65_536)), response).catch(() => {}) // The reader has seen enough.
    })
    const sources = [garbage, endless, mirrorOf(BLOCKS)].map(async ({ serve }) => new CarrierSource(await carry(serve)))
    const { lies } = await fetchAll(...(await Promise.all(sources)))
    expect(lies).toHaveLength(2)
  })
})

it.each([400, 404, 405, 415, 501])('a gateway that answers %i to a batch is asked for raw blocks', async (status) => {
  const gateway = mirrorOf(BLOCKS, (response) => response.writeHead(status).end('no'))
  await fetchAll(new CarrierSource(urlCarrier((await startServer(gateway.serve)).url)))
  expect(gateway.raws).toBe(BLOCKS.length)
  // Two requests ran before the first answer.
  expect(gateway.batches).toBeLessThanOrEqual(2)
})

it('a busy mirror is asked for a batch again', async () => {
  let asked = 0
  const mirror = mirrorOf(BLOCKS)
  const { url } = await startServer((request, response) => {
    if (++asked <= 2) response.writeHead(503).end()
    else mirror.serve(request, response)
  })
  await fetchAll(new CarrierSource(urlCarrier(url)))
  expect(mirror.raws).toBe(0)
})

it('a raw block that is missing is left to others, one that is too large or wrong is a lie', async () => {
  const half = mirrorOf(BLOCKS.slice(0, 20), noBatches)
  const huge = mirrorOf(
    BLOCKS.map(({ cid }) => ({ cid, bytes: new Uint8Array(MAX_BLOCK_BYTES + 1) })),
    noBatches,
  )
  const wrong = mirrorOf(
    BLOCKS.map(({ cid }) => ({ cid, bytes: new Uint8Array(1) })),
    noBatches,
  )
  const servers = [half, huge, wrong, mirrorOf(BLOCKS, noBatches)].map(
    async ({ serve }) => (await startServer(serve)).url,
  )
  const { lies } = await fetchAll(...(await Promise.all(servers)).map((url) => new CarrierSource(urlCarrier(url))))
  expect(lies.toSorted()).toEqual([
    expect.stringMatching(/^http.* sent more than 2097152 bytes/),
    expect.stringMatching(/^sent bytes that are not/),
  ])
})

it('a list of CIDs is read as it was written, and no longer one', () => {
  const cids = BLOCKS.map(({ cid }) => cid)
  expect(parseCidList(encodeCidList(cids), 40)?.map(String)).toEqual(cids.map(String))
  expect(parseCidList(new Uint8Array(), 40)).toEqual([])
  expect(parseCidList(encodeCidList(cids), 39)).toBeNull()
  expect(parseCidList(encodeCidList(cids).subarray(0, -1), 40)).toBeNull()
  expect(parseCidList(new TextEncoder().encode('nonsense'), 40)).toBeNull()
})

function hasLeft(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(String(error.code))
  )
}

function noBatches(response: ServerResponse): void {
  response.writeHead(404).end()
}

async function* held(cids: CID[], from: MemoryBlocks = MemoryBlocks.of(BLOCKS)): AsyncGenerator<Block> {
  for (const cid of cids) {
    const bytes = await from.get(cid)
    if (bytes !== null) yield { cid, bytes }
  }
}

async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}

async function* forEver(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  for (;;) {
    yield chunk
    await Promise.resolve()
  }
}

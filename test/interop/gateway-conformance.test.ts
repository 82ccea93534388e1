/** The gateway before the judge that Kubo and boxo answer to: github.com/ipfs/gateway-conformance. */
import { hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MAX_BLOCK_BYTES, readCar, verifyBlock } from '@holdfast/dag'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fastRawBlock } from '../../src/gateway/fast-raw-block.ts'
import { createGateway } from '../../src/gateway/gateway.ts'
import { GATEWAY_SERVER_OPTIONS } from '../../src/gateway/limits.ts'
import { gatewayListener } from '../../src/gateway/node-http.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { noArchives } from '../gateway/held-content.ts'
import { ConformanceSuite, whyNotHere } from './conformance-suite.ts'

/** Milliseconds: the first build brings its modules, and every run compiles the tests unless a cache has them. */
const BUILD_MS = 600_000

const absent = await whyNotHere()
if (absent !== null) console.warn(`NOT TESTED: the gateway conformance suite, because ${absent}`)

describe.skipIf(absent !== null)('the gateway conformance suite', () => {
  let suite: ConformanceSuite
  let folder: string
  let store: BlockStore
  let server: Server
  let url: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-conformance-'))
    suite = await ConformanceSuite.build()
    store = BlockStore.open(join(folder, 'store'))
    await load(await suite.extractFixtures(folder), store)
    const gateway = createGateway({ blocks: store, archives: noArchives() })
    server = createServer(GATEWAY_SERVER_OPTIONS, gatewayListener(gateway, fastRawBlock(store)))
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }, BUILD_MS)

  afterAll(async () => {
    server?.close()
    await store?.close()
    if (folder !== undefined) await rm(folder, { recursive: true })
  })

  // The first two numbers are those of Kubo 0.43 on the same suite.
  it.each([
    ['trustless-block-gateway', 38],
    ['trustless-car-gateway', 406],
    ['trustless-car-gateway-optional', 39],
  ])(
    '%s: all %i',
    async (spec, count) => {
      const { passed, failed, skipped, output } = await suite.test(url, spec, folder)
      expect(failed, output).toEqual([])
      expect(passed).toHaveLength(count)
      // What other specifications ask is skipped; of ours nothing is.
      const ours = new Set(passed.map(groupOf).filter((group) => group.startsWith('TestTrustless')))
      expect(ours.size).toBeGreaterThan(0)
      expect(skipped.filter((name) => ours.has(groupOf(name)))).toEqual([])
    },
    BUILD_MS,
  )
})

function groupOf(name: string): string {
  return name.split('/', 1)[0] ?? name
}

/** Stores every block that it can verify; a few of other specifications are hashed otherwise. */
async function load(files: string[], store: BlockStore): Promise<void> {
  for (const file of files) {
    for await (const { cid, bytes } of readCar(createReadStream(file), { maxBlockBytes: MAX_BLOCK_BYTES })) {
      if (await verifyBlock(cid, bytes, { sha256 })) await store.put(cid, bytes)
    }
  }
  await store.flush()
}

function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer')
}

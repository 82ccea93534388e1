/** A mirror's /archives/<address>/metadata/ as stock TUF clients see it: python-tuf and tuf-js, through two changes of keys. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Publisher, testContent, testSigners } from '@holdfast/testkit'
import { Updater } from 'tuf-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGateway } from '../../src/gateway/gateway.ts'
import { GATEWAY_SERVER_OPTIONS } from '../../src/gateway/limits.ts'
import { gatewayListener } from '../../src/gateway/node-http.ts'
import { FollowedArchives } from '../gateway/followed-archives.ts'
import { HeldBlocks } from '../gateway/held-content.ts'
import { setUpPython, whyNotHere } from './python-tools.ts'

/** Refreshes, finds `archive`, and brings its bytes into a folder. */
type StockClient = (folder: string, base: string) => Promise<Buffer>

const PYTHON_CLIENT = `
import sys
from tuf.ngclient import Updater
folder, base = sys.argv[1:]
client = Updater(
    metadata_dir=folder, metadata_base_url=base + "/metadata/", target_dir=folder, target_base_url=base + "/targets/",
    bootstrap=None,
)
client.refresh()
client.download_target(client.get_targetinfo("archive"))
`

const pythonTuf: StockClient = async (folder, base) => {
  const { python } = await setUpPython()
  await promisify(execFile)(python, ['-c', PYTHON_CLIENT, folder, base])
  return readFileSync(join(folder, 'archive'))
}

const tufJs: StockClient = async (folder, base) => {
  const client = new Updater({
    metadataDir: folder,
    metadataBaseUrl: `${base}/metadata`,
    targetDir: folder,
    targetBaseUrl: `${base}/targets`,
  })
  await client.refresh()
  const target = await client.getTargetInfo('archive')
  if (target === undefined) throw new Error('there is no archive')
  return readFileSync(await client.downloadTarget(target))
}

const CLIENTS: { name: string; client: StockClient; problem: string | null }[] = [
  { name: 'python-tuf', client: pythonTuf, problem: await whyNotHere() },
  { name: 'tuf-js', client: tufJs, problem: null },
]

describe.each(CLIENTS)('a stock $name', ({ name, client, problem }) => {
  if (problem !== null) console.warn(`NOT TESTED: a stock ${name} against a mirror, because ${problem}`)

  const folder = mkdtempSync(join(tmpdir(), 'holdfast-stock-'))
  const archives = new FollowedArchives()
  const blocks = new HeldBlocks()
  let alice: Publisher
  let server: Server
  let base: string

  beforeAll(async () => {
    alice = await Publisher.create({ now: new Date(), maintainers: 3, threshold: 2 })
    server = createServer(GATEWAY_SERVER_OPTIONS, gatewayListener(createGateway({ blocks, archives })))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/archives/${alice.address}`
  })

  afterAll(() => {
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** A new release, held and served by the mirror. */
  async function publish(text: string): Promise<void> {
    await alice.release(text)
    await blocks.put((await testContent(text)).cid, Buffer.from(text))
    await archives.hold(alice.state)
  }

  function clientFolder(clientName: string): string {
    const made = join(folder, clientName)
    mkdirSync(made)
    writeFileSync(join(made, 'root.json'), alice.state.roots[0] as Uint8Array)
    return made
  }

  it.skipIf(problem !== null)('follows two changes of keys, one at a time and both at once', async () => {
    const faithful = clientFolder('faithful')
    await publish('one')
    expect(String(await client(faithful, base))).toBe('one')
    for (const [i, text] of ['two', 'three'].entries()) {
      await alice.rotate(await testSigners(10 + i, 3))
      await publish(text)
      expect(String(await client(faithful, base))).toBe(text)
    }
    expect(String(await client(clientFolder('late'), base))).toBe('three')
    expect(readFileSync(join(folder, 'late', 'root.json'))).toEqual(Buffer.from(alice.state.roots[2] as Uint8Array))
  })

  it.skipIf(problem !== null)('refuses content that is not what was signed for', async () => {
    const text = 'four'
    await alice.release(text)
    await blocks.put((await testContent(text)).cid, Buffer.from('evil'))
    await archives.hold(alice.state)
    await expect(client(clientFolder('wary'), base)).rejects.toThrow()
  })
})

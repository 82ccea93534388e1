/** Files that did not change are recognised, and nothing that did ever passes for unchanged. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openHome, type Home } from '../../src/home.ts'
import { Maintained } from '../../src/publishing/maintained.ts'
import { scanFolder, type ScannedFolder } from '../../src/publishing/source-folder.ts'
import { sha256 } from '../../src/store/sha256.ts'

const ADDRESS = 'bagaaiera'
const LONG_AGO = new Date('2020-05-01T00:00:00Z')

let folder: string
let home: Home
let maintained: Maintained

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-source-'))
  home = openHome({ flag: mkdtempSync(join(tmpdir(), 'holdfast-home-')), env: {} })
  maintained = await Maintained.open(home, () => LONG_AGO)
  for (const path of ['a/one.txt', 'a/two.txt', 'a.txt', 'b/c/deep.txt', 'z.txt']) put(path, `content of ${path}`)
})

afterEach(async () => {
  await maintained.close()
  for (const one of [folder, home.data]) rmSync(one, { recursive: true, force: true })
})

function put(path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}

/** As if it were an hour later: what was written in this test is old. */
async function scan(): Promise<ScannedFolder> {
  return { ...(await scanFolder(folder, false)), scannedMs: Date.now() + 3_600_000 }
}

/** @returns root CID and the files that were read */
async function publish(version: number, rehash = false): Promise<{ cid: string; read: string[] }> {
  const scanned = await scan()
  const read: string[] = []
  const entries = async function* (): ReturnType<ScannedFolder['entries']> {
    for await (const entry of scanned.entries()) {
      if (entry.type === 'directory') yield entry
      else {
        const seen = (): Uint8Array => {
          read.push(entry.path)
          return entry.read?.() as Uint8Array
        }
        yield { ...entry, read: seen }
      }
    }
  }
  const content = await maintained.import(ADDRESS, { ...scanned, entries }, rehash)
  await maintained.pin(ADDRESS, version, content)
  return { cid: content.cid.toString(), read }
}

const ALL = ['a/one.txt', 'a/two.txt', 'a.txt', 'b/c/deep.txt', 'z.txt']

describe('a folder that is published again', () => {
  it('is read the first time, and not the second', async () => {
    const first = await publish(1)
    expect(first.read).toEqual(ALL)
    expect(await publish(2)).toEqual({ cid: first.cid, read: [] })
  })

  it('has only what is new or changed read, and gives the root that reading everything gives', async () => {
    await publish(1)
    put('a/two.txt', 'other content of a/two')
    put('a/new.txt', 'new')
    rmSync(join(folder, 'z.txt'))
    rmSync(join(folder, 'a.txt'))
    const second = await publish(2)
    expect(second.read).toEqual(['a/new.txt', 'a/two.txt'])
    expect(await publish(3, true)).toEqual({
      cid: second.cid,
      read: ['a/new.txt', 'a/one.txt', 'a/two.txt', 'b/c/deep.txt'],
    })
  })

  it('has a file read whose content was changed under the same size and the same date', async () => {
    await publish(1)
    const path = join(folder, 'a/one.txt')
    const { atime, mtime } = statSync(path)
    const text = readFileSync(path, 'utf8').toUpperCase()
    writeFileSync(path, text)
    utimesSync(path, atime, mtime)
    expect((await publish(2)).read).toEqual(['a/one.txt'])
  })

  it('has a file read again that was changed just before the last time', async () => {
    const scanned = await scanFolder(folder, false)
    await maintained.pin(ADDRESS, 1, await maintained.import(ADDRESS, scanned))
    expect((await publish(2)).read).toEqual(ALL)
  })

  it('is read whole when asked', async () => {
    await publish(1)
    expect((await publish(2, true)).read).toEqual(ALL)
  })

  it('is read whole when the release of the last time is no longer kept', async () => {
    const scanned = await scan()
    await maintained.import(ADDRESS, scanned)
    expect((await publish(1)).read).toEqual(ALL)
  })

  it('is not published when a block of the last time was lost, and then read whole', async () => {
    const { cid } = await publish(1)
    const digest = createDigest(0x12, sha256(Buffer.from('content of z.txt')))
    await maintained.blocks.discard([CID.createV1(0x55, digest)])
    await expect(publish(2)).rejects.toMatchObject({ code: 'lost-block', exitCode: 1 })
    expect(await publish(2)).toEqual({ cid, read: ALL })
  })

  it('is read whole when the list is damaged', async () => {
    await publish(1)
    const list = join(home.data, 'maintainer', 'imported', `${ADDRESS}.list`)
    const bytes = readFileSync(list)
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(list, bytes)
    expect((await publish(2)).read).toEqual(ALL)
  })
})

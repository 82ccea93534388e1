/** A full disk: a small file system in memory, where this process may mount one. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { writeFileAtomic } from '../../src/store/atomic-file.ts'
import type { BlockStore } from '../../src/store/block-store.ts'
import { Retention } from '../../src/store/retention.ts'
import { collect, lostOf, openStore, putAll } from './store-fixture.ts'
import { leaf, parentOf, type TestBlock } from './written-blocks.ts'

/** Bytes: no test may ever fill a real disk. */
const MOST_TO_FILL = 8_000_000

const canMount = mountedOnce()
if (!canMount)
  console.warn('full-disk.test.ts: no file system can be mounted here, so nothing is tested about full disks')

function mount(folder: string, size: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]).status === 0
}

function mountedOnce(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-mount-'))
  const mounted = process.platform === 'linux' && mount(folder, '1m')
  if (mounted) spawnSync('umount', [folder])
  rmSync(folder, { recursive: true })
  return mounted
}

/** @returns a folder on a disk of its own */
function smallDisk(size: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-full-'))
  if (!mount(folder, size)) throw new Error('what could be mounted a moment ago cannot be now')
  onTestFinished(() => {
    spawnSync('umount', ['-l', folder])
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** Takes all that is left of the disk, to the last page. @returns gives it back */
function fillUp(disk: string): () => void {
  const file = join(disk, 'other-people-s-data')
  const { bavail, bsize } = statfsSync(disk)
  if (bavail * bsize > MOST_TO_FILL) throw new Error(`${disk} is no small disk`)
  writeFileSync(file, new Uint8Array(bavail * bsize))
  return () => truncateSync(file)
}

async function putUntilFull(store: BlockStore, from: number): Promise<TestBlock[]> {
  const stored: TestBlock[] = []
  for (let i = from; ; i++) {
    const block = leaf(i, 50_000)
    try {
      await store.put(block.cid, block.bytes)
      stored.push(block)
      if (stored.length % 4 === 0) await store.flush()
    } catch (error) {
      expect(error).toMatchObject({ code: 'disk-full' })
      return stored
    }
  }
}

describe.runIf(canMount)('on a full disk', () => {
  it('put or flush says so; what was durable stays, and what was put can be read', async () => {
    const folder = join(smallDisk('2m'), 'blocks')
    const store = openStore(folder, { packBytes: 400_000 })
    const first = Array.from({ length: 10 }, (_, i) => leaf(i, 20_000))
    await putAll(store, first)
    await store.flush()
    const stored = await putUntilFull(store, 100)
    expect(stored.length).toBeGreaterThan(10)
    expect(await lostOf(store, [...first, ...stored])).toEqual([])
    await expect(store.close()).rejects.toMatchObject({ code: 'disk-full' })
    const reopened = openStore(folder)
    expect(await lostOf(reopened, first)).toEqual([])
    expect(await collect(reopened.verify())).toEqual([])
  })

  it('the store goes on once there is room again', async () => {
    const disk = smallDisk('3m')
    const store = openStore(join(disk, 'blocks'))
    await putAll(store, [leaf(0)])
    await store.flush()
    const giveBack = fillUp(disk)
    const block = leaf(1, 50_000)
    await store.put(block.cid, block.bytes)
    await expect(store.flush()).rejects.toMatchObject({ code: 'disk-full' })
    expect(await lostOf(store, [leaf(0), block])).toEqual([])
    giveBack()
    await store.flush()
    await store.close()
    expect(await lostOf(openStore(join(disk, 'blocks')), [leaf(0), block])).toEqual([])
  })

  it('a collection makes room without needing any to speak of', async () => {
    const store = openStore(join(smallDisk('3m'), 'blocks'), { packBytes: 400_000 })
    const retention = new Retention(store)
    const kept = [leaf(0), leaf(1)]
    const root = parentOf(kept)
    await putAll(store, [...kept, root])
    await retention.pin('alice', [root.cid])
    const garbage = await putUntilFull(store, 100)
    const { blocks } = await retention.gc()
    expect(blocks).toBeGreaterThan(10)
    expect(await lostOf(store, [root, ...kept])).toEqual([])
    // What the full disk kept from being written has been waiting; now it goes through.
    await store.flush()
    expect(await lostOf(store, garbage.slice(-1))).toEqual([])
    expect((await putUntilFull(store, 1000)).length).toBeGreaterThan(10)
    await expect(store.close()).rejects.toMatchObject({ code: 'disk-full' })
  })

  it('a pin that cannot be recorded is no pin, and those before it hold', async () => {
    const disk = smallDisk('2m')
    const store = openStore(join(disk, 'blocks'))
    const retention = new Retention(store)
    await putAll(store, [leaf(0), leaf(1)])
    await retention.pin('alice', [leaf(0).cid])
    fillUp(disk)
    const owner = 'x'.repeat(200_000)
    await expect(retention.pin(owner, [leaf(1).cid])).rejects.toMatchObject({ code: 'disk-full' })
    expect(retention.pins().map((pin) => pin.owner)).toEqual(['alice'])
  })

  it('full to the last byte even forgetting fails, changes nothing, and works once there is a little room', async () => {
    const disk = smallDisk('2m')
    const store = openStore(join(disk, 'blocks'))
    const retention = new Retention(store)
    await putAll(store, [leaf(0), leaf(1)])
    await retention.pin('alice', [leaf(0).cid])
    await retention.pin('bob', [leaf(1).cid])
    const giveBack = fillUp(disk)
    await expect(retention.unpin('alice')).rejects.toMatchObject({ code: 'disk-full' })
    expect(retention.pins()).toHaveLength(2)
    giveBack()
    await retention.unpin('alice')
    expect(await retention.gc()).toMatchObject({ blocks: 1 })
    expect(await lostOf(store, [leaf(1)])).toEqual([])
  })

  it('a file written atomically is what it was before, with nothing beside it', () => {
    const disk = smallDisk('1m')
    const file = join(disk, 'state')
    writeFileAtomic(file, Buffer.from('before'))
    expect(() => writeFileAtomic(file, new Uint8Array(2_000_000))).toThrow(
      expect.objectContaining({ code: 'disk-full' }),
    )
    expect([readFileSync(file, 'utf8'), readdirSync(disk)]).toEqual(['before', ['state']])
  })
})

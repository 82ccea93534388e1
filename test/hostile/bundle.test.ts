/** Bundles from strangers: cut anywhere, with foreign blocks, with wrong hashes, of another archive, without end. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importTree, readCar, writeCar, writeManifest, MAX_BLOCK_BYTES, type Block } from '@holdfast/dag'
import { encodeBundleHead, type BundleHead, type ReleaseInfo } from '@holdfast/release'
import { Publisher } from '@holdfast/testkit'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { identity } from 'multiformats/hashes/identity'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ArchiveBook } from '../../src/archives/archive-book.ts'
import { takeBundle, type TakenBundle } from '../../src/bundles/take-bundle.ts'
import { writeBundle } from '../../src/bundles/write-bundle.ts'
import { ArchiveStore } from '../../src/store/archive-store.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { sha256 } from '../../src/store/sha256.ts'

const RAW = 0x55

describe('a bundle from a stranger', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bundle-'))
  const source = BlockStore.open(join(folder, 'source'))
  let alice: Publisher
  let release: ReleaseInfo
  let head: BundleHead
  let bundle: Uint8Array
  let blocks: Block[]
  let roots: CID[]
  let homes = 0

  beforeAll(async () => {
    alice = await Publisher.create()
    const files = ['a', 'b', 'c'].map((name) => ({
      path: `inside/${name}`,
      content: () => [new Uint8Array(700).fill(name.charCodeAt(0))],
    }))
    const { cid, rootBlockSize, size, files: count } = await importTree(files, source, { sha256 })
    const manifest = await writeManifest(cid, source, { sha256 })
    await alice.release({ cid, rootBlockSize, size, files: count, manifest: manifest.cid })
    const { address } = alice
    const book = await bookOf('reference', address)
    await book.submit(address, alice.announcement(), null)
    release = book.find(address)?.verified as ReleaseInfo
    head = { address, announcement: alice.announcement(), path: '', since: 0, hints: [] }
    bundle = await joined(writeBundle({ head, release, without: null }, source))
    blocks = []
    for await (const block of readCar(once(bundle), { maxBlockBytes: MAX_BLOCK_BYTES })) blocks.push(block)
    roots = [cid, (blocks[0] as Block).cid]
  })
  afterAll(async () => {
    await source.close()
    rmSync(folder, { recursive: true })
  })

  async function bookOf(name: string, address: string): Promise<ArchiveBook> {
    const book = await ArchiveBook.open(new ArchiveStore(join(folder, name)), () => alice.now)
    await book.follow(address, [], undefined)
    return book
  }

  /** @returns what became of it in an empty home, and which blocks are there afterwards */
  async function taken(
    stream: AsyncIterable<Uint8Array>,
    room = Infinity,
  ): Promise<{ taken: TakenBundle | null; code: string; stored: number }> {
    const name = `home-${homes++}`
    const store = BlockStore.open(join(folder, name, 'blocks'))
    try {
      const book = await bookOf(join(name, 'archives'), alice.address)
      const answer = await takeBundle(stream, {
        announce: async ({ address, announcement }) => ({
          verdict: await book.submit(address, announcement, null),
          newest: book.find(address)?.verified ?? null,
        }),
        now: alice.now,
        hold: () => {},
        store,
        room,
      })
      return { taken: answer, code: '', stored: store.usage().blocks }
    } catch (error) {
      return { taken: null, code: String((error as { code?: unknown }).code), stored: store.usage().blocks }
    } finally {
      await store.close()
    }
  }
  const of = async (some: readonly Block[], names: CID[] = roots): ReturnType<typeof taken> =>
    await taken(writeCar(names, some))

  it('that is honest is taken', async () => {
    expect(await taken(once(bundle))).toMatchObject({ code: '', stored: blocks.length - 1 })
  })

  it('cut at every 97th byte is refused or is short of blocks, and never stores what was not whole', async () => {
    for (let at = 0; at < bundle.length; at += 97) {
      const { code, stored } = await taken(once(bundle.subarray(0, at)))
      // Cut between two blocks it is sound as far as it goes; a pin then finds what is missing.
      if (code === '') expect(stored).toBeLessThan(blocks.length - 1)
      else expect(['bad-car', 'damaged-bundle', 'no-bundle'], `cut at ${at}`).toContain(code)
    }
  })

  it('with a foreign block is refused there', async () => {
    const bytes = new Uint8Array(10)
    const foreign = { cid: CID.createV1(RAW, createDigest(0x12, sha256(bytes))), bytes }
    const [first, ...rest] = blocks
    expect(await of([first as Block, foreign, ...rest])).toMatchObject({ code: 'foreign-block', stored: 0 })
  })

  it('with blocks before those that name them is refused', async () => {
    const [first, ...rest] = blocks
    expect(await of([first as Block, ...rest.toReversed()])).toMatchObject({ code: 'foreign-block' })
  })

  it('with bytes that do not fit their CID is refused', async () => {
    const wrong = blocks.map((block, at) =>
      at === 0 ? block : { ...block, bytes: block.bytes.map((byte) => byte ^ 1) },
    )
    expect(await of(wrong)).toMatchObject({ code: 'foreign-block', stored: 0 })
  })

  it('whose head is not the block that its roots name is no bundle', async () => {
    expect(await of(blocks, [release.cid])).toMatchObject({ code: 'no-bundle', stored: 0 })
    expect(await of(blocks, [])).toMatchObject({ code: 'no-bundle', stored: 0 })
    expect(await of(blocks.slice(1))).toMatchObject({ code: 'no-bundle', stored: 0 })
  })

  it('with an identity CID of a megabyte is refused', async () => {
    const bytes = new Uint8Array(1_000_000)
    const huge = { cid: CID.createV1(RAW, identity.digest(bytes)), bytes: new Uint8Array() }
    expect((await of([blocks[0] as Block, huge])).code).toMatch(/damaged-bundle|foreign-block/)
  })

  it('of another archive, or of one that its metadata was not signed for, is refused', async () => {
    const other = await Publisher.create({ name: 'Another' })
    await other.release('x')
    const grafted = encodeBundleHead({ ...head, announcement: other.announcement() })
    const cid = CID.createV1(0x71, createDigest(0x12, sha256(grafted)))
    const [, ...rest] = blocks
    const forged = [{ cid, bytes: grafted }, ...rest]
    expect(await of(forged, [release.cid, cid])).toMatchObject({ code: 'wrong-archive', stored: 0 })
  })

  it('that proves nothing does not even make its archive known', async () => {
    const other = await Publisher.create({ name: 'Another' })
    await other.release('x')
    const forged = encodeBundleHead({ ...head, address: other.address })
    const cid = CID.createV1(0x71, createDigest(0x12, sha256(forged)))
    let asked = 0
    const store = BlockStore.open(join(folder, 'unasked'))
    const taking = takeBundle(writeCar([release.cid, cid], [{ cid, bytes: forged }]), {
      announce: async () => {
        asked++
        return { verdict: { outcome: 'ignore' }, newest: null }
      },
      now: alice.now,
      hold: () => {},
      store,
      room: Infinity,
    })
    await expect(taking).rejects.toMatchObject({ code: 'wrong-archive', exitCode: 4 })
    await store.close()
    expect(asked).toBe(0)
  })

  it('without end ends with what the release was signed for', async () => {
    const endless = async function* (): AsyncGenerator<Block> {
      yield* blocks
      for (;;) yield blocks.at(-1) as Block
    }
    expect(await taken(writeCar(roots, endless()))).toMatchObject({ code: 'too-large' })
  })

  it('goes no further than the quota', async () => {
    expect(await taken(once(bundle), 900)).toMatchObject({ code: 'quota' })
  })

  it.each([
    ['a length of ten bytes', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]],
    ['a length of a terabyte', [0x80, 0x80, 0x80, 0x80, 0x80, 0x40]],
    ['nothing', []],
    ['zeros', Array.from({ length: 1000 }, () => 0)],
  ])('that begins with %s is none', async (_what, bytes) => {
    expect((await taken(once(new Uint8Array(bytes)))).code).toBe('bad-car')
  })
})

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}

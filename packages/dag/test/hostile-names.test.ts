/** Directory entries that would be written outside of their folder, or on top of one another. */
import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { diffTrees, listDirectory, listTree, resolvePath } from '../src/index.ts'
import { hashOfName, shardLabel, shardPosition } from '../src/shard-labels.ts'
import { collect, MemoryBlocks } from './memory-blocks.ts'

const blocks = new MemoryBlocks()
const one = blocks.raw('one')
const two = blocks.raw('two')

function plain(...entries: [string, CID][]): CID {
  return blocks.node(
    { type: 'directory' },
    entries.map(([name, cid]) => ({ name, cid })),
  )
}

function sharded(...entries: [string, CID][]): CID {
  const links = entries.map(([name, cid]) => ({
    name: shardLabel(shardPosition(hashOfName(name), 0, 8), 8) + name,
    cid,
  }))
  return blocks.node({ type: 'hamt-sharded-directory', fanout: 256n, hashType: 0x22n }, links)
}

async function expectUnsafe(folder: CID, name: string): Promise<void> {
  const within = plain(['fine', folder])
  for (const run of [
    listDirectory(folder, blocks),
    listTree(within, blocks),
    diffTrees(null, within, blocks),
    diffTrees(within, plain(), blocks),
  ]) {
    const error: unknown = await collect<unknown>(run).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'DagError', code: 'unsafe-name' })
    expect(String(error)).toContain(JSON.stringify(name).slice(0, 90))
  }
}

describe.each([
  ['plain', plain],
  ['sharded', sharded],
])('a %s folder', (_, folderOf) => {
  it.each(['..', '.', '../../.ssh/authorized_keys', '/etc/passwd', 'a/b', 'a\\..\\b', 'nul\0', 'x'.repeat(300)])(
    'with an entry named %j',
    async (name) => {
      await expectUnsafe(folderOf(['a', one], [name, two]), name)
    },
  )

  it('with one name twice', async () => {
    const folder = folderOf(['a', one], ['a', two])
    await expectUnsafe(folder, 'a')
    await expect(resolvePath(folder, 'a', blocks)).rejects.toMatchObject({ code: 'unsafe-name' })
  })

  it('with safe names is listed', async () => {
    expect(await collect(listDirectory(folderOf(['b', one], ['a', two]), blocks))).toMatchObject([
      { name: 'a' },
      { name: 'b' },
    ])
  })
})

it('a plain folder with an entry without a name', async () => {
  await expectUnsafe(plain(['', one]), '')
})

function at(name: string): CID {
  return blocks.node({ type: 'hamt-sharded-directory', fanout: 256n, hashType: 0x22n }, [{ name, cid: one }])
}

describe('a sharded folder', () => {
  it('with a name where a search by its hash would not find it is refused', async () => {
    // The hash of "a" begins with 85 55.
    expect(await collect(listDirectory(at('85a'), blocks))).toHaveLength(1)
    for (const label of ['84a', '8a', '0x85a', '85', 'zza', ''])
      await expect(collect(listDirectory(at(label), blocks)), label).rejects.toMatchObject({ name: 'DagError' })
  })

  it('with two parts for one position is refused', async () => {
    const parts = [plain(), sharded()].map((cid) => ({ name: '85', cid }))
    const folder = blocks.node({ type: 'hamt-sharded-directory', fanout: 256n, hashType: 0x22n }, parts)
    await expect(collect(listDirectory(folder, blocks))).rejects.toMatchObject({ code: 'bad-block' })
    await expect(resolvePath(folder, 'a', blocks)).rejects.toMatchObject({ name: 'DagError' })
  })

  it.each([
    [128n, 'FF'],
    [1024n, 'NAN'],
  ])('with a fanout of %i and a part at %s is refused', async (fanout, name) => {
    const folder = blocks.node({ type: 'hamt-sharded-directory', fanout, hashType: 0x22n }, [{ name, cid: sharded() }])
    await expect(collect(listDirectory(folder, blocks))).rejects.toMatchObject({ code: 'bad-block' })
  })

  it('with labels in lower case is refused, for a search would not find them', async () => {
    expect(hashOfName('b') >> 56n).toBeGreaterThan(0n)
    const lower = (hashOfName('index.html') >> 56n).toString(16)
    await expect(collect(listDirectory(at(`${lower}index.html`), blocks))).rejects.toMatchObject({ code: 'bad-block' })
  })
})

/** What a target must be, and by which names it is asked for (TUF 5.7). */
import { beforeEach, describe, expect, it } from 'vitest'
import { isTarget } from '../src/index.ts'
import { VisitedRepository } from './visited-repository.ts'

const SHA256_OF_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
const utf8 = new TextEncoder()

let visit: VisitedRepository

beforeEach(() => {
  visit = new VisitedRepository([])
})

describe('a target', () => {
  it('is found only after a refresh', async () => {
    expect(await visit.client().findTarget('archive')).toMatchObject({ ok: false, code: 'bad-format' })
    const client = visit.client(new Map())
    expect(await client.refresh()).toMatchObject({ ok: false })
    expect(await client.findTarget('archive')).toMatchObject({ ok: false })
  })

  it('is asked for by each of its hashes, inside its folder', async () => {
    const hashes = { sha256: 'aa'.repeat(32), sha512: 'bb'.repeat(64) }
    visit.repository.statementOf('targets').targets['a/b.txt'] = { length: 3, hashes }
    const client = visit.client(visit.repository.build())
    await client.refresh()
    const found = await client.findTarget('a/b.txt')
    const fileNames = [`a/${hashes.sha256}.b.txt`, `a/${hashes.sha512}.b.txt`]
    expect(found).toMatchObject({ ok: true, value: { record: { length: 3 }, fileNames } })
    expect(await client.findTarget('b.txt')).toEqual({ ok: true, value: null })
  })

  it('has its plain name where snapshots are not consistent', async () => {
    visit.repository.root.consistent_snapshot = false
    visit.served = visit.repository.build()
    visit.stored.set('root', visit.file('1.root.json'))
    const client = visit.client()
    await client.refresh()
    expect(await client.findTarget('archive')).toMatchObject({ ok: true, value: { fileNames: ['archive'] } })
  })

  it('is not found under a name that every object has', async () => {
    const client = visit.client()
    await client.refresh()
    for (const name of ['__proto__', 'constructor', 'toString', '']) {
      expect(await client.findTarget(name)).toEqual({ ok: true, value: null })
    }
  })

  it('is what all hashes that are known say, of which there must be one', async () => {
    const bytes = utf8.encode('abc')
    const judged = async (length: number, hashes: Record<string, string>): Promise<boolean> =>
      await isTarget({ length, hashes: new Map(Object.entries(hashes)) }, bytes)
    expect(await judged(3, { sha256: SHA256_OF_ABC })).toBe(true)
    expect(await judged(3, { sha256: SHA256_OF_ABC, blake3: '00' })).toBe(true)
    expect(await judged(4, { sha256: SHA256_OF_ABC })).toBe(false)
    expect(await judged(3, { sha256: SHA256_OF_ABC, sha512: '00'.repeat(64) })).toBe(false)
    expect(await judged(3, { blake3: '00' })).toBe(false)
  })
})

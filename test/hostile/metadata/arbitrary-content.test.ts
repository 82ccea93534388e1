/** Arbitrary content: a release that no maintainer signed, or one that says two things at once. */
import { forge, Publisher, tamper, testContent, testSigners, type Statement } from '@holdfast/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { judged } from './judged.ts'

let alice: Publisher
const reader = (): { address: string; roots: [] } => ({ address: alice.address, roots: [] })

beforeAll(async () => {
  alice = await Publisher.create({ maintainers: 3, threshold: 2 })
  await alice.release('one')
})

describe('arbitrary content is refused', () => {
  it('when eve signs it with keys of her own', async () => {
    const eve = await testSigners(666, 3)
    const forged = await forge(alice.announcement(), { signers: eve, targets: (signed) => (signed.version = 2) })
    expect(await judged(alice.state, forged, alice.now)).toBe('threshold')
    expect(await judged(reader(), forged, alice.now)).toBe('threshold')
  })

  it("when eve's signatures stand under the maintainers' key ids", async () => {
    const eve = await testSigners(666, 3)
    const disguised = eve.map((signer, i) => ({ ...signer, keyId: alice.signers[i]?.keyId ?? '' }))
    const forged = await forge(alice.announcement(), { signers: disguised, targets: (signed) => (signed.version = 2) })
    expect(await judged(alice.state, forged, alice.now)).toBe('bad-signature')
  })

  it('when a single byte of a signed statement changes', async () => {
    const announcement = alice.announcement()
    const timestamp = tamper(announcement.timestamp, (file) => (file.signed.version += 1))
    expect(await judged(alice.state, { ...announcement, timestamp }, alice.now)).toBe('bad-signature')
  })

  it('when a thief has one key of two', async () => {
    const [stolen] = alice.signers
    const signers = stolen ? [stolen] : []
    const forged = await forge(alice.announcement(), { signers, targets: (signed) => (signed.version = 2) })
    expect(await judged(alice.state, forged, alice.now)).toBe('threshold')
  })
})

describe('a signed release that cannot be trusted to mean one thing is refused', () => {
  type Target = { length: number; hashes: Statement; custom: Statement }
  const cases: [string, (target: Target) => void][] = [
    ['the CID is not what the hash says', (target) => (target.hashes.sha256 = '0'.repeat(64))],
    ['the hash is missing', (target) => (target.hashes = { sha512: '0'.repeat(128) })],
    ['the CID is no CID', (target) => (target.custom.cid = 'bafynonsense')],
    ['the CID is of another codec', (target) => (target.custom.cid = target.custom.cid.replace(/^bafybei/, 'bafyrei'))],
    ['the manifest is missing', (target) => delete target.custom.manifest],
    ['the size is negative', (target) => (target.custom.size = -1)],
    ['the number of files is a text', (target) => (target.custom.files = '3')],
    ['the message clears the screen', (target) => (target.custom.message = '\u001B[2J')],
    ['the message runs backwards', (target) => (target.custom.message = 'safe\u202Egnp.exe')],
    ['the message is a book', (target) => (target.custom.message = 'x'.repeat(4097))],
    ['it was published on 30 February', (target) => (target.custom.published = '2026-02-30T00:00:00Z')],
    ['what came before is no hash', (target) => (target.custom.previous = 'abc')],
    ['there is nothing but a hash', (target) => delete (target as Partial<Target>).custom],
  ]
  it.each(cases)('%s', async (_, change) => {
    const forged = await forge(alice.announcement(), {
      signers: alice.signers,
      targets: (signed) => {
        signed.version = 2
        change(signed.targets.archive)
      },
    })
    expect(await judged(alice.state, forged, alice.now)).toBe('bad-release')
  })

  it('there is no release inside', async () => {
    const forged = await forge(alice.announcement(), {
      signers: alice.signers,
      targets: (signed) => (signed.targets = {}),
    })
    expect(await judged(reader(), forged, alice.now)).toBe('bad-release')
  })

  it('but fields of a later time, and other targets, do no harm', async () => {
    const { cid } = await testContent('other')
    const forged = await forge(alice.announcement(), {
      signers: alice.signers.slice(0, 2),
      targets: (signed) => {
        signed.version = 2
        signed.targets.archive.custom.mirrors = ['https://example.org/']
        signed.targets.other = { length: 1, hashes: { sha256: '00'.repeat(32) }, custom: { cid: cid.toString() } }
      },
      snapshot: (signed) => (signed.version = 2),
      timestamp: (signed) => (signed.version = 2),
    })
    expect(await judged(alice.state, forged, alice.now)).toBe('accept')
  })
})

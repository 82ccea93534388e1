/** Files that go from hand to hand are refused when a single field is not what it should be. */
import * as dagCbor from '@ipld/dag-cbor'
import { Publisher, testContent, type Statement } from '@holdfast/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  encodeBundleHead,
  encodeForkProof,
  encodeProposal,
  forkProofFrom,
  parseBundleHead,
  parseForkProof,
  parseProposal,
  proposeRelease,
  type Signer,
} from '../src/index.ts'

const WRONG: unknown[] = [undefined, null, true, 2, -1, 'x', 'a'.repeat(64), [], ['x'], [1], {}, new Uint8Array(3)]

let files: Record<'proposal' | 'fork' | 'bundle', Uint8Array>
const parsers = {
  proposal: (bytes: Uint8Array): boolean => parseProposal(bytes).ok,
  fork: (bytes: Uint8Array): boolean => parseForkProof(bytes).ok,
  bundle: (bytes: Uint8Array): boolean => parseBundleHead(bytes) !== null,
}

beforeAll(async () => {
  const alice = await Publisher.create({ maintainers: 2 })
  await alice.release('one')
  const bob = alice.branch()
  await alice.release('two')
  const proof = await forkProofFrom(alice.state, await bob.release('other'))
  if (proof === null) throw new Error('two releases are a fork')
  const [signer] = alice.signers as [Signer]
  const { state, now, address } = alice
  const proposal = await proposeRelease({ state, content: await testContent('three'), message: 'x', signer, now })
  const head = { address, announcement: alice.announcement(), path: 'a/b', since: 3, hints: ['/ip4/1.2.3.4/tcp/1'] }
  expect(parseBundleHead(encodeBundleHead(head))).toEqual(head)
  files = {
    proposal: encodeProposal(proposal),
    fork: encodeForkProof(proof),
    bundle: encodeBundleHead(head),
  }
})

/** What each field may also be: it is then another sound file. */
const ALSO: Record<string, (value: unknown) => boolean> = {
  'proposal.address': (value) => value === null,
  'proposal.parent': (value) => value === null || (typeof value === 'string' && value.length === 64),
  'proposal.summary': (value) => typeof value === 'string',
  'proposal.roots': (value) => Array.isArray(value) && value.length === 0,
  ...Object.fromEntries(
    ['root', 'targets', 'snapshot', 'timestamp'].map((field) => [
      `proposal.${field}`,
      (value: unknown): boolean => value === null || value instanceof Uint8Array,
    ]),
  ),
  'fork.roots': (value) => Array.isArray(value) && value.length === 0,
  'fork.first': (value) => value instanceof Uint8Array,
  'fork.second': (value) => value instanceof Uint8Array,
  'bundle.path': (value) => typeof value === 'string',
  'bundle.since': (value) => value === 2,
  'bundle.hints': (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
  ...Object.fromEntries(
    ['targets', 'snapshot', 'timestamp'].map((field) => [
      `bundle.${field}`,
      (value: unknown): boolean => value instanceof Uint8Array,
    ]),
  ),
}

describe.each(['proposal', 'fork', 'bundle'] as const)('a %s', (kind) => {
  it('is refused with a field that is missing, one too many, or one of another kind', () => {
    const whole = dagCbor.decode<Statement>(files[kind])
    expect(parsers[kind](files[kind])).toBe(true)
    expect(parsers[kind](dagCbor.encode({ ...whole, more: 1 }))).toBe(false)
    for (const field of Object.keys(whole as object)) {
      const { [field]: _one, ...rest } = whole as Record<string, unknown>
      expect(parsers[kind](dagCbor.encode(rest)), `without ${field}`).toBe(false)
      for (const value of WRONG) {
        if (value === undefined || ALSO[`${kind}.${field}`]?.(value) === true) continue
        expect(parsers[kind](dagCbor.encode({ ...rest, [field]: value })), `${field}: ${JSON.stringify(value)}`).toBe(
          false,
        )
      }
    }
  })

  it('is no list, no text and no nothing', () => {
    for (const value of WRONG.filter((one) => one !== undefined))
      expect(parsers[kind](dagCbor.encode(value))).toBe(false)
  })
})

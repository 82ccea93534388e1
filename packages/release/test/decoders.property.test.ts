/**
 * Hostile bytes never make a decoder throw anything but this package's own refusal, and never cost more than 50 ms or
 * 16 MB for 256 KiB.
 */
import { Worker } from 'node:worker_threads'
import * as dagCbor from '@ipld/dag-cbor'
import { Publisher, SeededRandom, spoil } from '@holdfast/testkit'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeAnnouncement, openState, parseAnnouncement, parseLink, verifyAnnouncement } from '../src/index.ts'
import { parseRoot, parseSnapshot, parseTargets, parseTimestamp } from '../src/metadata.ts'
import { Refusal } from '../src/refusal.ts'
import { DECODERS, HOSTILE_BYTES } from './hostile-bytes.ts'

const METADATA = { root: parseRoot, timestamp: parseTimestamp, snapshot: parseSnapshot, targets: parseTargets }
const utf8 = new TextEncoder()

let alice: Publisher

beforeAll(async () => {
  alice = await Publisher.create({ maintainers: 2, threshold: 2 })
  await alice.release('one')
})

/** @returns null, or what went wrong that is no refusal */
function complaint(decode: () => unknown): unknown {
  try {
    decode()
    return null
  } catch (error) {
    return error instanceof Refusal ? null : error
  }
}

describe('nothing but a refusal comes', () => {
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((text) => utf8.encode(text)),
  )

  it('of bytes at random', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        for (const decode of DECODERS.values()) expect(complaint(() => decode(bytes))).toBeNull()
      }),
      { numRuns: 300 },
    )
  })

  it('of metadata in which a part was changed, removed or repeated', () => {
    const files = { ...alice.state, root: alice.state.roots[0] }
    fc.assert(
      fc.property(fc.constantFrom('root', 'timestamp', 'snapshot', 'targets' as const), fc.nat(), (role, seed) => {
        const file = JSON.parse(new TextDecoder().decode(files[role as 'root']))
        const random = new SeededRandom(seed)
        spoil(file, random)
        if (random.chance(0.5)) spoil(file, random)
        const bytes = utf8.encode(JSON.stringify(file))
        for (const decode of Object.values(METADATA)) expect(complaint(() => decode(bytes))).toBeNull()
      }),
      { numRuns: 1000 },
    )
  })

  it('of announcements in which a bit was turned, and none of them is accepted as something new', async () => {
    const whole = alice.bytes()
    const opened = await openState(alice.state, alice.now)
    const held = opened.ok ? opened.release : null
    await fc.assert(
      fc.asyncProperty(fc.nat(8 * whole.length - 1), async (bit) => {
        const bytes = new Uint8Array(whole)
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const verdict = await verifyAnnouncement({ address: alice.address, roots: [] }, bytes, alice.now)
        // A letter of the timestamp's signature in capitals is the same signature; all else that is turned is covered by a hash.
        if (verdict.outcome === 'accept') expect(verdict.release).toEqual(held)
        else expect(verdict.outcome).toBe('reject')
      }),
      { numRuns: 400 },
    )
  })

  it('of CBOR of any other shape', () => {
    const other = fc.anything({ withNullPrototype: false, maxDepth: 3 })
    fc.assert(
      fc.property(other, (value) => {
        let bytes: Uint8Array
        try {
          bytes = dagCbor.encode(value)
        } catch {
          return // Nothing that CBOR can hold.
        }
        expect(parseAnnouncement(bytes).ok).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it('of texts for links', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => void parseLink(`holdfast:${text}`)),
      { numRuns: 500 },
    )
  })
})

it('what is read can be written again, to the same bytes', () => {
  const part = fc.uint8Array({ minLength: 1, maxLength: 60 })
  const parts = fc.record({
    roots: fc.array(part, { minLength: 1, maxLength: 4 }),
    timestamp: part,
    snapshot: part,
    targets: part,
  })
  fc.assert(
    fc.property(parts, (announcement) => {
      expect(parseAnnouncement(encodeAnnouncement(announcement))).toEqual({ ok: true, announcement })
    }),
  )
})

describe('256 KiB of hostile bytes cost little', () => {
  const names = [...HOSTILE_BYTES.keys()]

  it.each(names)('time: %s', (name) => {
    const bytes = HOSTILE_BYTES.get(name) as Uint8Array
    for (const [what, decode] of DECODERS) {
      // Of the processor, not by the clock: other programs run too. The best of a few, once the code is compiled.
      const times = Array.from({ length: 6 }, () => {
        const begin = process.threadCpuUsage()
        expect(complaint(() => decode(bytes))).toBeNull()
        const { user, system } = process.threadCpuUsage(begin)
        return (user + system) / 1000
      })
      expect(Math.min(...times), what).toBeLessThan(50)
    }
  })

  it('memory: all of them in a thread that has 16 MB more than it takes to start', async () => {
    const worker = new Worker(new URL('hostile-bytes.ts', import.meta.url), {
      workerData: 'decode all',
      resourceLimits: { maxOldGenerationSizeMb: 28, maxYoungGenerationSizeMb: 4 },
    })
    const done = await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    await worker.terminate()
    expect(done).toBe(HOSTILE_BYTES.size * DECODERS.size)
  })
})

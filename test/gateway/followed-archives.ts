/** Archives for tests of the gateway: what the daemon would hold, changed by hand. */
import { openState, type TrustedState } from '@holdfast/release'
import type { CID } from 'multiformats/cid'
import type { HeldArchive, ServedArchives, Submission } from '../../src/gateway/context.ts'
import { gather } from './held-content.ts'

export class FollowedArchives implements ServedArchives {
  readonly #held = new Map<string, HeldArchive>()
  readonly #past = new Map<string, Uint8Array>()
  readonly #roots = new Map<string, CID>()
  readonly #waiting = new Set<() => void>()
  /** What `submit` was given; what it answers. */
  submitted: { address: string; bytes: Uint8Array; from: string | null }[] = []
  verdict: Submission = { outcome: 'accept', reason: 'taken' }
  /** What `upload` does with a body. */
  receive: (car: AsyncIterable<Uint8Array>) => Promise<number> = async (car) => (await gather(car)).length
  taught: string[] = []
  askers: (string | null)[] = []

  /** How many wait for a change. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Holds this state of an archive, its newest release served or not, and wakes who waits. */
  async hold(state: TrustedState, isServed = true): Promise<void> {
    const opened = await openState(state, new Date('2026-03-01'))
    if (!opened.ok) throw new Error(opened.reason)
    const before = this.#held.get(state.address)
    const { release } = opened
    if (before?.state.targets !== undefined && before.verified !== null)
      this.#past.set(`${state.address} ${before.verified}`, before.state.targets)
    if (release !== null) this.#roots.set(Buffer.from(release.cid.multihash.digest).toString('hex'), release.cid)
    const served = isServed ? release : null
    this.#held.set(state.address, {
      address: state.address,
      state,
      verified: release?.version ?? null,
      served: served?.version ?? before?.served ?? null,
      cid: served?.cid.toString() ?? before?.cid ?? null,
      fork: null,
      freshness: release && opened.freshness,
    })
    this.#wake()
  }

  forget(address: string): void {
    this.#held.delete(address)
    this.#wake()
  }

  listed(): string[] {
    return [...this.#held.keys()]
  }

  find(address: string): HeldArchive | null {
    return this.#held.get(address) ?? null
  }

  /** Bits of a release that is being fetched, by its manifest. */
  fetching = new Map<string, Uint8Array | 'all'>()

  parts(_address: string, manifest: string): Uint8Array | 'all' | null {
    return this.fetching.get(manifest) ?? null
  }

  pastTargets(address: string, version: number): Promise<Uint8Array | null> {
    return Promise.resolve(this.#past.get(`${address} ${version}`) ?? null)
  }

  rootBlockOf(_: string, sha256Hex: string): Promise<CID | null> {
    return Promise.resolve(this.#roots.get(sha256Hex) ?? null)
  }

  submit(address: string, bytes: Uint8Array, from: string | null): Promise<Submission> {
    this.submitted.push({ address, bytes, from })
    return Promise.resolve(this.verdict)
  }

  async upload(_: string, car: AsyncIterable<Uint8Array>, from: string | null): Promise<{ stored: number }> {
    this.askers.push(from)
    return { stored: await this.receive(car) }
  }

  changed(_: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done)
        resolve()
      }
      this.#waiting.add(done)
      signal.addEventListener('abort', done)
    })
  }

  peers(_: string, asker: string | null): Promise<string[]> {
    this.askers.push(asker)
    return Promise.resolve(this.taught)
  }

  #wake(): void {
    for (const done of this.#waiting) done()
  }
}

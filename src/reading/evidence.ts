/** Which release of an archive can be proven here, from as little as suffices: metadata handed over, this home, then mirrors. */
import type { BlockReader } from '@holdfast/dag'
import { BlockFetcher, CarrierSource, chooseHints, type Hint } from '@holdfast/network'
import {
  announcementOf,
  gradeFreshness,
  openPastRelease,
  verifyAnnouncement,
  type Freshness,
  type ReleaseInfo,
  type TrustedState,
} from '@holdfast/release'
import { judgeAnnouncement, type KnownState } from '../archives/judge-announcement.ts'
import type { CommandContext } from '../command.ts'
import { CommandError, EXIT } from '../failure.ts'
import { usageError } from '../settings.ts'
import { clocksInWords } from './clocks-in-words.ts'
import type { HeldArchive } from './handed-announcement.ts'
import { HomeReader } from './home-reader.ts'
import { FetchingReader, LayeredStore, MemoryStore } from './layered-store.ts'
import { Mirrors, type ReachedMirror } from './mirrors.ts'
import { findNewest } from './newest-release.ts'
import { pastTargets } from './past-releases.ts'
import type { What } from './what.ts'

/** What is known of an archive, verified. */
interface Known {
  state: KnownState
  release: ReleaseInfo | null
}

export interface Proof {
  newest: ReleaseInfo
  state: TrustedState
  freshness: Freshness
}

export class Evidence {
  /** Sentences for people, without a full stop. */
  readonly notes: string[] = []
  readonly #home: HomeReader
  readonly #context: CommandContext
  readonly #mirrors: Mirrors
  readonly #fromByHand: readonly Hint[]
  #attempts: Promise<ReachedMirror | null>[] = []

  private constructor(home: HomeReader, context: CommandContext, byHand: readonly Hint[]) {
    this.#home = home
    this.#context = context
    this.#fromByHand = byHand
    this.#mirrors = new Mirrors({}, context.signal)
  }

  /** Opens no socket: that waits until a mirror is asked. @throws CommandError for a `--from` that is no hint */
  static async open(context: CommandContext): Promise<Evidence> {
    const { hints, skipped } = chooseHints(context.settings.list('from'), true)
    if (skipped[0] !== undefined) {
      const hint = 'A hint is a multiaddr with /p2p/<peer id>, or the https URL of a mirror.'
      throw usageError(`--from: ${skipped[0]}.`, hint)
    }
    return new Evidence(await HomeReader.open(context.home, context.now()), context, hints)
  }

  /** The only archive that this home follows; null when it follows none, or several. */
  async onlyArchive(): Promise<string | null> {
    const [only = null, ...others] = await this.#home.addresses()
    return others.length > 0 ? null : only
  }

  /** Blocks that this home holds. */
  homeBlocks(): BlockReader {
    return this.#home.reader()
  }

  /** What this home holds of an archive. */
  async held(address: string): Promise<HeldArchive> {
    const known = await this.#home.archive(address)
    return { ...known, kept: async (version) => await this.#kept(known.state, version) }
  }

  /**
   * The newest release: by the metadata, and by what this home holds; mirrors are asked when neither says anything, and
   * those named by --from always.
   *
   * @param metadata an announcement from anybody
   * @throws CommandError 'unverified' (4) when the metadata does not verify, 'nobody-reachable' (3) when there is none
   */
  async prove(what: What & { kind: 'archive' }, metadata: Uint8Array | null): Promise<Proof> {
    const { now, signal, settings } = this.#context
    const held = await this.#home.archive(what.address)
    const known = metadata === null ? held : await this.#judge(held, metadata)
    const allowPrivate = settings.isSet('allow-private')
    this.#attempts = this.#mirrors.reach(this.#fromByHand, true)
    if (known.release === null) this.#attempts.push(...this.#reachLink(what.hints, allowPrivate))
    const found = await findNewest(known, this.#attempts, this.#mirrors, { allowPrivate, now: now(), signal })
    this.#attempts.push(...found.answered.map(async (mirror) => mirror))
    this.notes.push(...found.lies)
    const { state, release } = found
    if (state.roots.length === 0 || release === null) throw nothingProven(what.address, found.lies, this.#mirrors)
    const freshness = gradeFreshness(release.expires, now(), found.answered.length > 0)
    // Once more from nothing but the address: so the verifier's warnings are heard for what the home holds too.
    const verdict = await verifyAnnouncement({ address: what.address, roots: [] }, announcementOf(state), now())
    this.notes.push(...clocksInWords(release, verdict.outcome === 'accept' ? verdict.warnings : [], now()))
    return { newest: release, state, freshness }
  }

  /** @throws CommandError 'not-found' (3), 'unverified' (4) */
  async release({ newest, state }: Proof, version: number): Promise<ReleaseInfo> {
    if (version === newest.version) return newest
    const bytes = version > newest.version ? null : await this.#pastTargets(newest.address, version)
    if (bytes === null) {
      const message = `Release ${version} cannot be had; the newest that is proven here is ${newest.version}.`
      throw new CommandError(EXIT.notFound, 'not-found', message, 'Name a mirror that may know it with --from.')
    }
    const opened = await openPastRelease(state, bytes)
    if (opened.ok && opened.release.version === version) return opened.release
    const message = `What is given as release ${version} does not verify.`
    throw new CommandError(EXIT.unverified, 'unverified', message, 'Ask another mirror with --from.')
  }

  /** The older releases that this home has kept metadata of, newest first. */
  async *keptReleases({ newest, state }: Proof): AsyncGenerator<ReleaseInfo> {
    for (const version of (await this.#home.archives.pastVersions(newest.address)).toReversed()) {
      const release = await this.#kept(state, version)
      if (release !== null) yield release
    }
  }

  /** Blocks of a tree in hand, else of this home, else of mirrors; each verified. */
  reader(inHand: BlockReader): BlockReader {
    const store = new LayeredStore(inHand, new MemoryStore())
    if (this.#attempts.length === 0) this.#attempts = this.#mirrors.reach(this.#fromByHand, true)
    return new FetchingReader(store, async (cid) => {
      const fetcher = new BlockFetcher(store, this.#context.signal, Infinity)
      for (const source of this.#home.sources()) fetcher.addSource(source)
      for (const mirror of await Promise.all(this.#attempts)) {
        if (mirror !== null) fetcher.addSource(new CarrierSource(mirror.carrier))
      }
      await fetcher.fetch([{ cid }])
    })
  }

  async close(): Promise<void> {
    await this.#mirrors.stop()
    await this.#home.close()
  }

  async #judge(held: Known, metadata: Uint8Array): Promise<Known> {
    const verdict = await judgeAnnouncement(held.state, metadata, this.#context.now(), null)
    if (verdict.outcome === 'accept') return verdict
    if (verdict.outcome === 'reject') {
      const message = `The metadata does not verify: ${verdict.reason} (${verdict.code}).`
      throw new CommandError(EXIT.unverified, 'unverified', message, 'Get it anew, from a mirror that you trust more.')
    }
    if (verdict.code === 'older') this.notes.push('This home holds newer metadata than the file: that counts')
    return held
  }

  async #kept(state: KnownState, version: number): Promise<ReleaseInfo | null> {
    const bytes = await this.#home.archives.pastTargets(state.address, version)
    if (bytes === null || state.roots.length === 0) return null
    const opened = await openPastRelease(state, bytes)
    return opened.ok && opened.release.version === version ? opened.release : null
  }

  #reachLink(texts: readonly string[], allowPrivate: boolean): Promise<ReachedMirror | null>[] {
    const { hints, skipped } = chooseHints(texts, allowPrivate)
    this.notes.push(...skipped)
    return this.#mirrors.reach(hints, allowPrivate)
  }

  async #pastTargets(address: string, version: number): Promise<Uint8Array | null> {
    const mirrors = (await Promise.all(this.#attempts)).filter((mirror) => mirror !== null)
    return await pastTargets(address, version, this.#home.archives, mirrors, this.#context.signal)
  }
}

function nothingProven(address: string, lies: readonly string[], mirrors: Mirrors): CommandError {
  if (lies[0] !== undefined) {
    const message = `Nothing that anybody sent for ${address} verifies: ${lies[0]}.`
    return new CommandError(EXIT.unverified, 'unverified', message, 'Ask another mirror with --from.')
  }
  const [why] = mirrors.failures
  return new CommandError(
    EXIT.notFound,
    'no-metadata',
    `There is no signed metadata of the archive ${address}${why === undefined ? '' : `: ${why}`}.`,
    'Give it with --metadata, use a home that follows the archive, or name a mirror with --from.',
  )
}

/** One look into an archive or a bare CID: which root, proven how, and how its blocks are had. */
import { resolvePath, type BlockReader, type ResolvedNode } from '@holdfast/dag'
import { BlockFetcher, CarrierSource, chooseHints, type BlockSource, type Hint } from '@holdfast/network'
import { gradeFreshness, openPastRelease, type Freshness, type ReleaseInfo } from '@holdfast/release'
import type { CID } from 'multiformats/cid'
import type { Fork } from '../archives/archive-book.ts'
import { forkInWords } from '../archives/fork-in.ts'
import { startFetch, type FetchProgress, type FetchStore, type RunningFetch } from '../archives/fetch-release.ts'
import type { KnownState } from '../archives/judge-announcement.ts'
import type { CommandContext } from '../command.ts'
import { FLAG_ALLOW_PRIVATE, FLAG_FROM, FLAG_STRICT, type Flag } from '../flags.ts'
import { CommandError, EXIT } from '../failure.ts'
import { HomeReader } from './home-reader.ts'
import { FetchingReader, LayeredStore } from './layered-store.ts'
import { Mirrors, type ReachedMirror } from './mirrors.ts'
import { findNewest } from './newest-release.ts'
import { parseWhat, type What } from './what.ts'
import { pastTargets } from './past-releases.ts'

const FLAG_RELEASE: Flag = { name: 'release', type: 'string', value: 'N', help: 'that release instead of the newest' }
/** What every command that reads takes. */
export const READING_FLAGS: readonly Flag[] = [FLAG_RELEASE, FLAG_FROM, FLAG_STRICT, FLAG_ALLOW_PRIVATE]

export class Reading {
  readonly what: What
  /** null for a bare CID. */
  release: ReleaseInfo | null = null
  freshness: Freshness | null = null
  /** Proven forks of the archive. */
  forks: readonly Fork[] = []
  /** Of the archive, as far as verified; without roots for a bare CID. */
  state: KnownState | null = null
  readonly mirrors: Mirrors
  readonly #home: HomeReader
  readonly #context: CommandContext
  #attempts: Promise<ReachedMirror | null>[] = []
  #root: CID | null = null
  #waitingFor: RunningFetch['waitingFor'] = () => null

  private constructor(what: What, home: HomeReader, mirrors: Mirrors, context: CommandContext) {
    this.what = what
    this.#home = home
    this.mirrors = mirrors
    this.#context = context
  }

  /**
   * Reads WHAT, reaches for mirrors, and for an archive finds the newest release that anybody can prove.
   *
   * @param text as typed: link, address or CID
   * @throws CommandError: not found or nobody reachable (3), nothing that verifies (4), stale under --strict (5)
   */
  static async open(text: string, context: CommandContext): Promise<Reading> {
    const what = parseWhat(text)
    context.settings.number('release', 1)
    const home = await HomeReader.open(context.home, context.now())
    const mirrors = new Mirrors({}, context.signal)
    const reading = new Reading(what, home, mirrors, context)
    try {
      await reading.#find()
    } catch (error) {
      await reading.close()
      throw error
    }
    return reading
  }

  get root(): CID {
    if (this.#root === null) throw new Error('opened without a root')
    return this.#root
  }

  /** Blocks held by this home, then those of `own`. */
  layered(own: FetchStore): FetchStore {
    return new LayeredStore(this.#home.reader(), own)
  }

  /** Finds the path of WHAT, fetching only the blocks on the way. @throws CommandError 'not-found' */
  async resolve(store: FetchStore): Promise<ResolvedNode> {
    const node = await resolvePath(this.root, this.what.path, this.reader(store))
    if (node !== null) return node
    throw new CommandError(
      EXIT.notFound,
      'not-found',
      `There is no "${this.what.path}" in it.`,
      'See what there is with "holdfast ls".',
    )
  }

  /** Brings all blocks below a root into the store. @returns names of those who sent some, and bytes that came */
  async fetch(
    cid: CID,
    store: FetchStore,
    progress: FetchProgress = {},
  ): Promise<{ sources: string[]; bytes: number }> {
    const { release } = this
    const sources = new Set<string>()
    let bytes = 0
    const whole = release !== null && cid.equals(release.cid)
    const bounds = release === null ? {} : { size: release.size, files: release.files }
    const wanted = { cid, ...bounds, ...(whole && { manifest: release.manifest }) }
    // A fetch with nobody to ask ends at once, so the first mirror is waited for; later ones join it.
    const early: BlockSource[] = this.#home.sources()
    let join = (source: BlockSource): void => void early.push(source)
    await this.#joinSources((source) => join(source))
    const fetching = startFetch(wanted, store, early, this.#context.signal, {
      ...progress,
      block: (of, size, source) => {
        sources.add(source)
        bytes += size
        progress.block?.(of, size, source)
      },
    })
    join = (source) => fetching.addSource(source)
    this.#waitingFor = () => fetching.waitingFor()
    await fetching.done
    return { sources: [...sources], bytes }
  }

  /** Which block a fetch under way waits for and from whom, in words. */
  waitingFor(): string {
    const waiting = this.#waitingFor()
    return waiting === null ? 'a mirror' : `${waiting.cid} from ${waiting.from.join(', ')}`
  }

  /** Reads blocks one by one as they are asked for. */
  reader(store: FetchStore): BlockReader {
    const { signal } = this.#context
    return new FetchingReader(store, async (cid) => {
      const fetcher = new BlockFetcher(store, signal, Infinity)
      for (const source of this.#home.sources()) fetcher.addSource(source)
      await this.#joinSources((source) => fetcher.addSource(source))
      await fetcher.fetch([{ cid }])
    })
  }

  /** Mirrors that were reached. */
  async reached(): Promise<ReachedMirror[]> {
    return (await Promise.all(this.#attempts)).filter((mirror) => mirror !== null)
  }

  /** Targets metadata of a past release, verbatim, from here or from a mirror; null when nobody has it. */
  async targets(version: number): Promise<Uint8Array | null> {
    const { what } = this
    if (what.kind === 'cid') return null
    return await pastTargets(what.address, version, this.#home.archives, await this.reached(), this.#context.signal)
  }

  async close(): Promise<void> {
    await this.mirrors.stop()
    await this.#home.close()
  }

  async #find(): Promise<void> {
    const { settings, signal, now, out } = this.#context
    const allowPrivate = settings.isSet('allow-private')
    const inLink = this.what.kind === 'archive' ? this.what.hints : []
    const { hints, skipped } = chooseHints(inLink, allowPrivate)
    for (const line of skipped) out.note(`${line}.`)
    const byHand = chooseHints(settings.list('from'), true)
    if (byHand.skipped[0] !== undefined) {
      throw new CommandError(
        EXIT.usage,
        'usage',
        `--from: ${byHand.skipped[0]}.`,
        'A hint is a multiaddr with /p2p/<peer id>, or the https URL of a mirror.',
      )
    }
    const known = await this.#home.hintsFor(this.what.kind === 'archive' ? this.what.address : null)
    this.#attempts = [
      ...this.mirrors.reach([...byHand.hints, ...known], true),
      ...this.mirrors.reach(hints, allowPrivate),
    ]
    if (this.what.kind === 'cid') {
      this.#root = this.what.cid
      return await this.#requireSomebody([...byHand.hints, ...known, ...hints])
    }
    const held = await this.#home.archive(this.what.address)
    const newest = await findNewest(held, this.#attempts, this.mirrors, { allowPrivate, now: now(), signal })
    this.forks = newest.forks
    for (const fork of newest.forks) out.note(`${forkInWords(fork)}.`)
    for (const lie of newest.lies) out.note(`${lie}.`)
    for (const { message } of newest.warnings) out.note(`${message}.`)
    // From here on those count who know the archive, told mirrors among them.
    this.#attempts = [...this.#attempts, ...newest.answered.map(async (mirror) => mirror)]
    this.state = newest.state
    if (newest.release === null) throw nothingFound(this.what.address, newest.lies, this.mirrors.failures)
    this.freshness = gradeFreshness(newest.release.expires, now(), newest.answered.length > 0)
    this.release = await this.#chosen(newest.release)
    this.#root = this.release.cid
    this.#checkStrict(newest.release)
  }

  /** The release that `--release` names, else the newest. */
  async #chosen(newest: ReleaseInfo): Promise<ReleaseInfo> {
    const version = this.#context.settings.number('release', 1)
    if (version === undefined || version === newest.version) return newest
    const { state } = this
    const bytes = version > newest.version ? null : await this.targets(version)
    if (bytes === null || state === null || state.roots.length === 0) {
      const message = `Release ${version} cannot be had; the newest that anybody proved is ${newest.version}.`
      throw new CommandError(
        EXIT.notFound,
        'not-found',
        message,
        'See "holdfast log", or ask another mirror with --from.',
      )
    }
    const opened = await openPastRelease(state, bytes)
    if (opened.ok && opened.release.version === version) return opened.release
    throw new CommandError(
      EXIT.unverified,
      'unverified',
      `What a mirror gave as release ${version} does not verify.`,
      'Ask another mirror with --from.',
    )
  }

  #checkStrict({ expires }: ReleaseInfo): void {
    const { settings, out } = this.#context
    if (this.freshness === 'fresh') return
    if (settings.isSet('strict')) {
      throw new CommandError(
        EXIT.stale,
        'stale',
        `The newest word of the maintainers expired on ${expires}.`,
        'Without --strict it is shown all the same.',
      )
    }
    const why =
      this.freshness === 'stale'
        ? 'the maintainers have not confirmed it since'
        : 'and nobody can be reached who might know more'
    out.note(`This may not be the newest release: it was to be renewed before ${expires}, ${why}.`)
  }

  async #requireSomebody(hints: readonly Hint[]): Promise<void> {
    if (hints.length === 0 && this.#home.sources().length === 0) {
      throw new CommandError(
        EXIT.notFound,
        'nobody-known',
        'A bare CID does not say where to look.',
        'Name a mirror with --from, or use a link.',
      )
    }
    // Nothing more to find out: who can be reached shows when blocks are asked for.
  }

  /** Lets every mirror join as soon as it is reached; waits until the first one is, or all have failed. */
  async #joinSources(join: (source: BlockSource) => void): Promise<void> {
    const first = Promise.withResolvers<void>()
    const all = this.#attempts.map(async (attempt) => {
      const mirror = await attempt
      if (mirror === null) return
      join(new CarrierSource(mirror.carrier))
      first.resolve()
    })
    await Promise.race([first.promise, Promise.all(all)])
  }
}

/** For JSON: present only where there is a fork, so that nobody misses it. */
export function forksField(forks: readonly Fork[]): { forks?: { release: number; cids: readonly string[] }[] } {
  return forks.length === 0 ? {} : { forks: forks.map(({ version, cids }) => ({ release: version, cids })) }
}

function nothingFound(address: string, lies: readonly string[], failures: readonly string[]): CommandError {
  if (lies.length > 0) {
    return new CommandError(
      EXIT.unverified,
      'unverified',
      `Nothing that anybody sent for ${address} verifies: ${lies[0]}.`,
      'Ask another mirror with --from.',
    )
  }
  const why = failures.length > 0 ? ` ${failures[0]}.` : ''
  const hint =
    failures.length > 0
      ? 'Try again later, or ask another mirror with --from.'
      : 'Use a link with hints, or name a mirror with --from.'
  return new CommandError(
    EXIT.notFound,
    'nobody-reachable',
    `Nobody could be reached who knows the archive ${address}.${why}`,
    hint,
  )
}

/** One publication, in the steps that `publish` names: learn the newest, import, compare, sign, spread. */
import { createReadStream } from 'node:fs'
import type { BlockReader } from '@holdfast/dag'
import { chooseHints, parseHint, reasonOf, type Hint } from '@holdfast/network'
import {
  authorRelease,
  announcementOf,
  encodeAnnouncement,
  judgeProposal,
  openState,
  proposeRelease,
  type Proposal,
  renewTimestamp,
  verifyAnnouncement,
  type ReleaseContent,
  type ReleaseInfo,
  type Signer,
  type TrustedState,
} from '@holdfast/release'
import type { Archive } from '../archives/archive-book.ts'
import type { CommandContext } from '../command.ts'
import { CommandError, EXIT } from '../failure.ts'
import { counted, formatBytes } from '../figures.ts'
import { SHOWN_CHANGES } from '../limits.ts'
import { usageError } from '../settings.ts'
import { learnNewest, requireKnowledge } from './learn-newest.ts'
import { Maintained, type Difference } from './maintained.ts'
import { openOutgoing, ownMirror, type Outgoing } from './outgoing.ts'
import { unlockOwnKey, type Unlocking } from './own-key.ts'
import { remoteReader } from './remote-reader.ts'
import { roundedTime } from './rounded-time.ts'
import type { ScannedFolder } from './source-folder.ts'
import { spread } from './spread.ts'
import type { ReachedMirror } from '../reading/mirrors.ts'

export interface Published {
  difference: Difference | null
}

export class Publishing {
  readonly #context: CommandContext
  readonly #maintained: Maintained
  readonly #address: string
  readonly #outgoing: Outgoing
  readonly #hints: readonly Hint[]
  #asked: ReachedMirror[] = []
  #key: Unlocking | null = null

  private constructor(context: CommandContext, maintained: Maintained, archive: Archive, hints: readonly Hint[]) {
    this.#context = context
    this.#maintained = maintained
    this.#address = archive.address
    this.#hints = hints
    this.#outgoing = openOutgoing(maintained, context.signal)
  }

  /**
   * Opens the archive.
   *
   * @param address which one; one that this home does not know yet is begun: a cosigner or messenger learns it from a proposal
   */
  static async open(context: CommandContext, address?: string): Promise<Publishing> {
    const { home, settings, now } = context
    const maintained = await Maintained.open(home, now)
    try {
      if (address !== undefined && maintained.book.find(address) === null)
        await maintained.book.follow(address, [], undefined)
      const archive = maintained.choose(address ?? settings.text('archive'))
      const byHand = chooseHints(settings.list('to'), true)
      if (byHand.skipped[0] !== undefined) throw usageError(`--to: ${byHand.skipped[0]}.`)
      const hints = [...byHand.hints, ...archive.hints.map(parseHint), ...(await ownMirror(home))]
      return new Publishing(context, maintained, archive, hints)
    } catch (error) {
      await maintained.close()
      throw error
    }
  }

  get address(): string {
    return this.#address
  }

  /** What is held of the archive. */
  get archive(): Archive {
    return this.#maintained.choose(this.#address)
  }

  /** Asks for the passphrase of the maintainer's key, the first time; the key opens while other work goes on. */
  async unlock(): Promise<Unlocking> {
    this.#key ??= await unlockOwnKey(this.#context)
    return this.#key
  }

  /** The maintainer's key; asks for its passphrase the first time. */
  async signer(): Promise<Signer> {
    return await (
      await this.unlock()
    ).signer
  }

  /** How many maintainers must sign, by the newest root. */
  async threshold(): Promise<number> {
    const opened = await openState(this.#state(), this.#context.now())
    return opened.ok ? opened.threshold : 1
  }

  /** Blocks of this home, else of mirrors that were reached. */
  reader(): BlockReader {
    return remoteReader(this.#maintained.blocks, this.#asked, this.#context.signal)
  }

  /** Keeps a state that was completed elsewhere, if the ordinary verifier takes it as an announcement of everybody else. */
  async adopt(state: TrustedState): Promise<ReleaseInfo | null> {
    const { book } = this.#maintained
    if (state.timestamp === undefined) return (await book.adopt(state)).verified
    const held = book.find(this.#address)?.state ?? { address: this.#address, roots: [] }
    const verdict = await verifyAnnouncement(held, announcementOf(state), this.#context.now())
    if (verdict.outcome === 'reject') {
      throw new CommandError(
        EXIT.unverified,
        verdict.code,
        `The proposal does not verify: ${verdict.reason}.`,
        'Ask the maintainers for a newer one.',
      )
    }
    return verdict.outcome === 'accept' ? (await book.adopt(verdict.state)).verified : this.#release()
  }

  /** Keeps blocks that a release needs until a newer one is kept. */
  async keep(version: number, content: ReleaseContent): Promise<void> {
    await this.#maintained.pin(this.#address, version, content)
  }

  /** A new timestamp over the newest release: nothing newer exists. */
  async renew(): Promise<ReleaseInfo> {
    const now = roundedTime(this.#context.now())
    const state = await renewTimestamp({ state: this.#state(), signers: [await this.signer()], now })
    const { verified } = await this.#maintained.book.adopt(state)
    if (verified === null) throw new Error('the release that was just renewed is not there')
    return verified
  }

  /** @throws CommandError when mirrors are known to hold the archive, and none can be asked */
  async learnNewest(): Promise<void> {
    const { out, settings, signal } = this.#context
    const { book } = this.#maintained
    const known = book.find(this.#address)?.hints ?? []
    const learned = await learnNewest(book, this.#address, this.#outgoing.mirrors.reach(this.#hints, true), signal)
    this.#asked = learned.asked
    // The next command finds them by itself.
    const holding = learned.holding.map(({ hint }) => hint.text)
    if (holding.length > 0) await book.follow(this.#address, holding, undefined)
    for (const line of [...learned.notes, ...this.#outgoing.mirrors.failures]) out.note(`${line}.`)
    if (!settings.isSet('unseen')) requireKnowledge(known, this.#asked)
  }

  /** @param rehash as Maintained.import has it */
  async importFolder(folder: ScannedFolder, rehash: boolean): Promise<ReleaseContent> {
    this.#context.signal.throwIfAborted()
    this.#context.out.detail(`Importing ${counted(folder.files, 'file')}, ${formatBytes(folder.size)}.`)
    // A wrong passphrase need not wait for the end of it.
    const [content] = await Promise.all([this.#maintained.import(this.#address, folder, rehash), this.#key?.signer])
    return content
  }

  /** As importFolder, from a file that holds the blocks. */
  async importCar(file: string, claimed: ReleaseContent): Promise<ReleaseContent> {
    return await this.#maintained.importCar(createReadStream(file), claimed)
  }

  /** What changes against the newest release; directories of it that are not here are asked of mirrors. */
  async compare(content: ReleaseContent): Promise<Difference | null> {
    const before = this.#release()?.cid ?? null
    const difference = await this.#maintained.compare(before, content.cid, this.reader())
    if (difference !== null) this.#sayDifference(difference)
    return difference
  }

  /**
   * Signs the next release, and stores it durably before anybody hears of it. The same content under the same message as
   * the newest release is that release: so the same command goes on where it was stopped.
   */
  async sign(content: ReleaseContent, message: string): Promise<ReleaseInfo> {
    const { book } = this.#maintained
    const newest = this.#release()
    if (newest !== null && newest.cid.equals(content.cid) && newest.message === message) {
      await this.#maintained.pin(this.#address, newest.version, newest)
      this.#context.out.note(`This is release ${newest.version}, signed before; it is announced again.`)
      return newest
    }
    const version = (newest?.version ?? 0) + 1
    await this.#maintained.pin(this.#address, version, content)
    const now = roundedTime(this.#context.now())
    const state = await authorRelease({ state: this.#state(), content, message, signers: [await this.signer()], now })
    const { verified } = await book.adopt(state)
    if (verified === null) throw new Error('the release that was just signed is not there')
    await this.#maintained.keepOnly(verified)
    return verified
  }

  /** The next release with this maintainer's signature alone. Its blocks are kept until a newer release is. */
  async propose(
    content: ReleaseContent,
    message: string,
  ): Promise<{ proposal: Proposal; version: number; lacking: number }> {
    const version = (this.#release()?.version ?? 0) + 1
    await this.keep(version, content)
    const now = roundedTime(this.#context.now())
    const proposal = await proposeRelease({ state: this.#state(), content, message, signer: await this.signer(), now })
    const judged = await judgeProposal(this.#state(), proposal)
    if (!judged.ok) throw new Error(`a proposal that was just made cannot be signed: ${judged.reason}`)
    return { proposal, version, lacking: judged.lacking }
  }

  /** Hands the release to mirrors and waits for `wait` of them. @returns names of mirrors */
  async spread(release: ReleaseInfo, wait: number): Promise<{ announcedTo: string[]; heldBy: string[] }> {
    const { out, signal } = this.#context
    const { book, blocks } = this.#maintained
    const announcedTo = new Set<string>()
    const heldBy = new Set<string>()
    const reached = new Set<string>()
    const { mirrors, sentBytes } = this.#outgoing
    const bytes = encodeAnnouncement(announcementOf(this.#state()))
    const say = setInterval(() => {
      out.progress(
        `${heldBy.size} of ${wait} mirrors hold all of it; ${formatBytes(sentBytes())} sent`,
        performance.now(),
      )
    }, 500)
    try {
      await spread(
        { release, bytes, blocks, wait, sentBytes },
        this.#asked,
        mirrors,
        {
          announced: ({ carrier, hint }, refusal) => {
            if (refusal === null) {
              announcedTo.add(carrier.name)
              reached.add(hint.text)
            } else out.note(`${carrier.name} did not take it: ${refusal}`)
          },
          held: ({ carrier }) => heldBy.add(carrier.name),
          note: (line) => out.note(line),
        },
        signal,
      )
      signal.throwIfAborted()
    } finally {
      clearInterval(say)
      await book.follow(this.#address, [...reached], undefined)
    }
    return { announcedTo: [...announcedTo], heldBy: [...heldBy] }
  }

  async close(): Promise<void> {
    try {
      await this.#outgoing.mirrors.stop()
    } catch (error) {
      this.#context.out.detail(reasonOf(error))
    }
    await this.#maintained.close()
  }

  #release(): ReleaseInfo | null {
    return this.archive.verified
  }

  #state(): TrustedState {
    const state = this.#maintained.book.find(this.#address)?.state
    if (state === undefined || state.roots.length === 0) {
      throw new CommandError(
        EXIT.notFound,
        'unknown-archive',
        'The archive is not held here.',
        'Make one with "holdfast init".',
      )
    }
    return state
  }

  #sayDifference(difference: Difference): void {
    const { out } = this.#context
    for (const [mark, paths] of [
      ['+', difference.added],
      ['-', difference.removed],
      ['~', difference.changed],
    ] as const) {
      for (const path of paths.slice(0, SHOWN_CHANGES)) out.note(`  ${mark} ${path}`)
      if (paths.length > SHOWN_CHANGES) out.note(`  ${mark} and ${paths.length - SHOWN_CHANGES} more`)
    }
  }
}

/** The one loop of a mirror: inputs -> machine.handle() -> effects, each performed here or in daemon/*. */
import type { Server } from 'node:http'
import type { ReleaseInfo } from '@holdfast/release'
import { chooseHints, type GossipVerdict, type PeerNode } from '@holdfast/network'
import { MirrorMachine, type Effect, type Input, type PeerName } from '@holdfast/mirror'
import type { ArchiveBook } from './archives/archive-book.ts'
import { parseFollowable } from './archives/followable.ts'
import { addKnown, Contacts, taughtHint } from './daemon/contacts.ts'
import { FetchJobs, UPLOADER } from './daemon/fetch-jobs.ts'
import { HeadSync } from './daemon/head-sync.ts'
import { importBundle, takeUpload, type HandedOverHelp } from './daemon/handed-over.ts'
import { Intake } from './daemon/intake.ts'
import type { Keeper } from './daemon/keeper.ts'
import { saveReached } from './daemon/reached-peers.ts'
import { startServing, type Serving, type ServingSettings } from './daemon/serving.ts'
import { archiveStatus, type DaemonStatus } from './daemon/status.ts'
import { releaseEvent, type Tell } from './daemon/told-events.ts'
import { Timers } from './daemon/timers.ts'
import type { TakenBundle } from './bundles/take-bundle.ts'
import { serveControl, type Controlled } from './control/control-server.ts'
import type { Home } from './home.ts'
import { usageError } from './settings.ts'

export interface DaemonSettings extends ServingSettings {
  /** Public https prefix that stands before the gateway; null for none. */
  url: string | null
  /** Hints given by hand. */
  from: readonly string[]
  /** Bytes that all blocks together may take; null for no limit. */
  quota: number | null
  /** Releases kept per archive. */
  keep: number
}

/** What a daemon works with. */
export interface DaemonParts {
  home: Home
  keeper: Keeper
  book: ArchiveBook
  tell: Tell
  readonly note: (line: string) => void
  readonly now: () => Date
}

export class Daemon implements Controlled {
  readonly #parts: DaemonParts
  readonly #settings: DaemonSettings
  readonly #machine: MirrorMachine
  readonly #timers = new Timers((id) => this.#feed({ type: 'timer', id }))
  readonly #jobs: FetchJobs
  readonly #stopped = new AbortController()
  readonly #sync: HeadSync
  readonly #intake: Intake
  #serving!: Serving
  #contacts!: Contacts
  #control!: Server

  private constructor(parts: DaemonParts, settings: DaemonSettings) {
    const { keeper, tell } = parts
    this.#parts = parts
    this.#settings = settings
    this.#machine = new MirrorMachine({ keep: settings.keep }, Math.random)
    this.#jobs = new FetchJobs({
      store: keeper.blocks,
      carrier: (peer) => this.#contacts.carrier(peer),
      mirrorsOf: (address) => this.#sync.mirrorsOf(address),
      random: Math.random,
      room: () => this.#room(),
      report: (input) => this.#feed(input),
      progress: ({ release }, line) => parts.note(`Fetching release ${release.version} of ${release.name}: ${line}.`),
      liar: (peer, reason) =>
        tell({ event: 'warning', code: 'liar', message: `${peer} ${reason}; it is not asked again.` }),
    })
    this.#intake = new Intake({
      book: parts.book,
      tell,
      carrier: (peer) => this.#contacts.carrier(peer),
      publish: async (address, bytes) => void (await this.#node.gossip.publish(address, bytes)),
      report: (input) => this.#feed(input),
    })
    this.#sync = new HeadSync(
      {
        book: parts.book,
        carrier: (peer) => this.#contacts.carrier(peer),
        take: async (address, bytes, from) => void (await this.#intake.take(address, bytes, from, 'sync')),
        heard: (address, peer, { verified, served }) =>
          this.#feed({ type: 'peerHead', peer, address, verified, served }),
        told: (peer, addresses) => this.#toldOf(peer, addresses),
        note: parts.note,
      },
      this.#stopped.signal,
    )
  }

  /** Starts serving and following all that the home holds. @throws NetworkError 'port-in-use' */
  static async start(parts: DaemonParts, settings: DaemonSettings): Promise<Daemon> {
    const daemon = new Daemon(parts, settings)
    try {
      await daemon.#start()
    } catch (error) {
      await daemon.stop()
      throw error
    }
    return daemon
  }

  async status(): Promise<DaemonStatus> {
    const { book, keeper, now } = this.#parts
    const archives = book.addresses().flatMap((address) => {
      const archive = book.find(address)
      const kept = (this.#machine.view(address)?.kept ?? []).map(({ version }) => version).toSorted((a, b) => a - b)
      return archive === null ? [] : [archiveStatus(archive, kept, this.#sync.mirrorsOf(address).length, now())]
    })
    const { peerId, multiaddrs, gateway } = this.#serving
    return { peerId, multiaddrs, gateway, archives, disk: { used: keeper.used(), quota: this.#settings.quota } }
  }

  async follow(text: string, allowPrivate: boolean): Promise<{ address: string; notes: string[] }> {
    const { address, hints: texts, name } = parseFollowable(text)
    const { hints, skipped } = chooseHints(texts, allowPrivate || this.#settings.allowPrivate)
    const known = this.#parts.book.find(address) !== null
    await this.#parts.book.follow(
      address,
      hints.map((hint) => hint.text),
      name,
    )
    if (!known) await this.#begin(address)
    for (const hint of hints) this.#contacts.add(hint, true, allowPrivate || this.#settings.allowPrivate)
    return { address, notes: skipped }
  }

  async unfollow(address: string): Promise<void> {
    if (this.#parts.book.find(address) === null)
      throw usageError(`${address} is not followed here.`, 'See "holdfast status".')
    this.#serving.node.gossip.unfollow(address)
    this.#feed({ type: 'unfollowed', address })
    await this.#parts.keeper.settled(address)
  }

  async import(bundle: AsyncIterable<Uint8Array>): Promise<TakenBundle> {
    const follow = async (link: string): Promise<unknown> => await this.follow(link, false)
    return await importBundle(bundle, { ...this.#handedOver(), intake: this.#intake, follow })
  }

  async gc(): Promise<{ blocks: number; bytes: number }> {
    return await this.#parts.keeper.gc()
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#timers.stop()
    this.#jobs.stop()
    if (this.#contacts !== undefined) {
      saveReached(this.#parts.home, this.#contacts.reached())
      this.#contacts.stop()
    }
    this.#control?.closeAllConnections()
    this.#control?.close()
    await this.#serving?.stop()
  }

  async #start(): Promise<void> {
    const { book, home, keeper, tell, note } = this.#parts
    this.#serving = await startServing(
      this.#settings,
      { home, book, keeper, note },
      {
        submit: async (address, bytes, from) => await this.#intake.take(address, bytes, from, 'http'),
        upload: async (address, car, from) => await takeUpload(address, car, from ?? '', this.#handedOver()),
        parts: (manifest) => this.#jobs.parts(manifest),
        kept: (address) => this.#machine.view(address)?.kept ?? [],
        mirrorsOf: async (address) => await this.#addressesOf(address),
        hasPeers: (address) => this.#sync.mirrorsOf(address).length > 0,
        now: this.#parts.now,
        isInside: (peer) => this.#node.scopeOf(peer) !== 'public',
      },
    )
    this.#contacts = new Contacts(
      this.#node,
      {
        up: (peer) => this.#feed({ type: 'peerSeen', peer }),
        down: (peer) => {
          this.#sync.lost(peer)
          this.#feed({ type: 'peerLost', peer })
        },
        note,
      },
      Math.random,
    )
    for (const address of book.addresses()) await this.#begin(address)
    this.#control = await serveControl(home.socket, this)
    const { peerId, multiaddrs, gateway } = this.#serving
    tell({ event: 'ready', peerId, multiaddrs, gateway, archives: book.addresses() })
    this.#contacts.start()
    await addKnown(this.#contacts, this.#settings.from, book, home)
  }

  get #node(): PeerNode {
    return this.#serving.node
  }

  /** Hands one archive of the book to the machine, and joins its topic. */
  async #begin(address: string): Promise<void> {
    const archive = this.#parts.book.find(address)
    if (archive === null) return
    const { verified, served } = archive
    const kept = await this.#parts.keeper.keptOf(
      address,
      async (version) => await this.#parts.book.past(address, version),
    )
    this.#feed({ type: 'followed', address, verified, served, kept })
    this.#node.gossip.follow(address, async (bytes, from): Promise<GossipVerdict> => {
      const { outcome } = await this.#intake.take(address, bytes, from, 'gossip')
      return outcome
    })
  }

  #feed(input: Input): void {
    if (this.#stopped.signal.aborted) return
    for (const effect of this.#machine.handle(input, performance.now())) this.#perform(effect)
  }

  #perform(effect: Effect): void {
    const { keeper, tell } = this.#parts
    switch (effect.type) {
      case 'fetch':
        keeper.hold(effect.release)
        tell(releaseEvent('fetching', effect.release, effect.from))
        return this.#jobs.start(effect)
      case 'addSource':
        return this.#jobs.addSource(effect.job, effect.peer)
      case 'cancelFetch':
        return this.#jobs.cancel(effect.job)
      case 'pin':
      case 'advanceHead':
      case 'unpin':
        void keeper.perform(effect, this.#parts.book).then((input) => this.#done(effect, input))
        return undefined
      case 'forget':
        return keeper.forget(effect.address, async () => await this.#parts.book.forget(effect.address))
      case 'gc':
        return keeper.gcSoon()
      case 'syncHeads':
        void this.#sync.compare(effect.with, effect.addresses)
        return undefined
      case 'findRelease':
        void this.#sync.findRelease(effect.address, effect.version, effect.from).then((release) => {
          return release === null ? undefined : this.#feed({ type: 'releaseFound', release })
        })
        return undefined
      case 'schedule':
        return this.#timers.set(effect.id, effect.after)
      case 'unschedule':
        return this.#timers.clear(effect.id)
      case 'report': {
        const { address, version, code, message } = effect
        return tell({ event: 'warning', address, ...(version !== undefined && { release: version }), code, message })
      }
    }
  }

  #done(effect: Extract<Effect, { type: 'pin' | 'advanceHead' | 'unpin' }>, input: Input): void {
    if (input.type === 'pinned') this.#parts.tell(releaseEvent('pinned', effect.release))
    if (input.type === 'headAdvanced') this.#parts.tell(releaseEvent('served', effect.release))
    this.#feed(input)
  }

  #toldOf(peer: PeerName, addresses: readonly string[]): void {
    const inside = this.#contacts.isUrl(peer) ? false : this.#node.scopeOf(peer) !== 'public'
    for (const text of addresses) {
      const hint = taughtHint(text, inside)
      if (hint !== null) this.#contacts.add(hint, false, inside)
    }
  }

  /** Whoever handed blocks over cannot be asked for more: the machine looks again at what is missing, perhaps nothing. */
  #lookAgain({ address, version }: ReleaseInfo, from: string): void {
    const peer = `${UPLOADER}${from}`
    this.#feed({ type: 'peerSeen', peer })
    this.#feed({ type: 'peerHead', peer, address, verified: version, served: version })
    this.#feed({ type: 'peerLost', peer })
  }

  async #addressesOf(address: string): Promise<string[]> {
    const mirrors = this.#sync.mirrorsOf(address).filter((peer) => !this.#contacts.isUrl(peer))
    return (await Promise.all(mirrors.map(async (peer) => await this.#node.addressesOf(peer)))).flat()
  }

  #handedOver(): HandedOverHelp {
    return {
      ...this.#parts,
      lookAgain: (release, from) => this.#lookAgain(release, from),
      room: this.#room(),
      stopped: this.#stopped.signal,
    }
  }

  /** Bytes that may still be stored. */
  #room(): number {
    const { quota } = this.#settings
    return quota === null ? Infinity : Math.max(0, quota - this.#parts.keeper.used())
  }
}

/**
 * Whom a mirror knows and how it stays connected: hints of links, peers that other mirrors told of. Dials again with
 * growing pauses, for ever where a person named the peer.
 */
import { parseHint, scopeOfHint, UrlCarrier, type Carrier, type Hint, type PeerNode } from '@holdfast/network'
import type { ArchiveBook } from '../archives/archive-book.ts'
import type { Home } from '../home.ts'
import { reachedBefore } from './reached-peers.ts'
import { KEPT_CONNECTIONS, MAX_CONTACTS, REDIAL_MAX_MS, REDIAL_MIN_MS, TAUGHT_ATTEMPTS } from './limits.ts'

type PeerHint = Extract<Hint, { kind: 'peer' }>

interface Contact {
  peer: string
  /** By text, so that one address stands once. */
  hints: Map<string, PeerHint>
  /** Named by a person: never given up. */
  given: boolean
  allowPrivate: boolean
  connected: boolean
  attempts: number
  timer: NodeJS.Timeout | null
}

/** Told when a peer can be asked, and when it no longer can. */
export interface ContactListener {
  up(peer: string): void
  down(peer: string): void
  note(line: string): void
}

export class Contacts {
  readonly #node: PeerNode
  readonly #listener: ContactListener
  readonly #random: () => number
  readonly #contacts = new Map<string, Contact>()
  readonly #urls = new Map<string, UrlCarrier>()
  readonly #stopped = new AbortController()

  constructor(node: PeerNode, listener: ContactListener, random: () => number) {
    this.#node = node
    this.#listener = listener
    this.#random = random
  }

  /** Begins to tell of peers that come and go, those included that call us. */
  start(): void {
    this.#node.watchPeers({
      seen: (peer) => {
        const contact = this.#contacts.get(peer)
        if (contact !== undefined) {
          contact.connected = true
          contact.attempts = 0
        }
        this.#listener.up(peer)
      },
      lost: (peer) => {
        this.#listener.down(peer)
        const contact = this.#contacts.get(peer)
        if (contact === undefined) return
        contact.connected = false
        this.#redialLater(contact)
      },
    })
  }

  /**
   * Somebody to be connected to from now on.
   *
   * @param given by a person, in a link or by hand; else told by another mirror, and given up after some failures
   * @param allowPrivate whether names in it may lead into the local network
   */
  add(hint: Hint, given: boolean, allowPrivate: boolean): void {
    if (this.#stopped.signal.aborted) return
    if (hint.kind === 'url') return this.#addUrl(hint.url, hint.text, allowPrivate)
    if (hint.peer === this.#node.peerId) return
    let contact = this.#contacts.get(hint.peer)
    if (contact === undefined) {
      if (!given && this.#wantsNoMore()) return
      const connected = this.#node.isConnected(hint.peer)
      contact = { peer: hint.peer, hints: new Map(), given, allowPrivate, connected, attempts: 0, timer: null }
      this.#contacts.set(hint.peer, contact)
    }
    const isNew = !contact.hints.has(hint.text)
    contact.hints.set(hint.text, hint)
    contact.given ||= given
    contact.allowPrivate ||= allowPrivate
    if (isNew && !contact.connected) {
      contact.attempts = 0
      void this.#dial(contact)
    }
  }

  /** How to ask a peer that is up. */
  carrier(peer: string): Carrier {
    return this.#urls.get(peer) ?? this.#node.carrier(peer)
  }

  /** Peers named by a URL: they are asked, and never call. */
  isUrl(peer: string): boolean {
    return this.#urls.has(peer)
  }

  /** Hints of peers that were reached, for the next start. */
  reached(): string[] {
    const texts = [...this.#contacts.values()].filter((one) => one.connected).flatMap((one) => [...one.hints.keys()])
    return texts.slice(0, MAX_CONTACTS)
  }

  stop(): void {
    this.#stopped.abort()
    for (const { timer } of this.#contacts.values()) if (timer !== null) clearTimeout(timer)
    for (const carrier of this.#urls.values()) carrier.close()
  }

  #addUrl(url: URL, text: string, allowPrivate: boolean): void {
    if (this.#urls.has(text)) return
    this.#urls.set(text, new UrlCarrier(url, allowPrivate))
    this.#listener.up(text)
  }

  #wantsNoMore(): boolean {
    const connected = [...this.#contacts.values()].filter((one) => one.connected).length
    return connected >= KEPT_CONNECTIONS || this.#contacts.size >= MAX_CONTACTS
  }

  async #dial(contact: Contact): Promise<void> {
    if (contact.timer !== null) clearTimeout(contact.timer)
    contact.timer = null
    contact.attempts++
    try {
      const addresses = [...contact.hints.values()].map((hint) => hint.address)
      const { allowPrivate } = contact
      await this.#node.connect(contact.peer, addresses, this.#stopped.signal, { allowPrivate })
    } catch (error) {
      if (this.#stopped.signal.aborted) return
      if (contact.attempts === 1) this.#listener.note(error instanceof Error ? error.message : String(error))
      if (contact.given || contact.attempts < TAUGHT_ATTEMPTS) this.#redialLater(contact)
      else this.#contacts.delete(contact.peer)
    }
  }

  #redialLater(contact: Contact): void {
    if (this.#stopped.signal.aborted || contact.timer !== null) return
    const pause = Math.min(REDIAL_MAX_MS, REDIAL_MIN_MS * 2 ** Math.min(contact.attempts, 16))
    // Mirrors that lost the same peer must not all come back in the same moment.
    contact.timer = setTimeout(
      () => {
        contact.timer = null
        if (!contact.connected) void this.#dial(contact)
      },
      pause * (0.5 + this.#random()),
    )
  }
}

/** All whom a mirror knows when it starts: named by hand, by the links it follows, or reached the last time. */
export async function addKnown(
  contacts: Contacts,
  byHand: readonly string[],
  book: ArchiveBook,
  home: Home,
): Promise<void> {
  // Hints of links were chosen when the link was taken in.
  for (const text of byHand) contacts.add(parseHint(text), true, true)
  for (const text of book.addresses().flatMap((address) => book.find(address)?.hints ?? [])) {
    const hint = parseHint(text)
    contacts.add(hint, true, scopeOfHint(hint) !== 'public')
  }
  for (const text of await reachedBefore(home)) {
    const hint = taughtHint(text, true)
    if (hint !== null) contacts.add(hint, false, true)
  }
}

/** Reads what another mirror told; null for what is no hint or reaches further inside than the teller itself does. */
export function taughtHint(text: string, tellerIsInside: boolean): Hint | null {
  try {
    const hint = parseHint(text)
    return scopeOfHint(hint) === 'public' || tellerIsInside ? hint : null
  } catch {
    return null // What a peer told is no hint: nothing to learn from it.
  }
}

/** The mirrors that a reader or a publisher can ask: reached all at once, each as soon as it answers. */
import {
  ArchiveClient,
  parseHint,
  PeerNode,
  reasonOf,
  scopeOfHint,
  UrlCarrier,
  type Carrier,
  type Hint,
  type NodeSettings,
} from '@holdfast/network'

/** A mirror that was reached. */
export interface ReachedMirror {
  readonly hint: Hint
  readonly carrier: Carrier
}

export class Mirrors {
  readonly #settings: NodeSettings
  readonly #signal: AbortSignal
  readonly #attempts = new Map<string, Promise<ReachedMirror | null>>()
  readonly #failures: string[] = []
  #node: Promise<PeerNode> | null = null

  /** @param settings of the libp2p node, which is started only when a hint needs it; without `listen` it only calls out */
  constructor(settings: NodeSettings, signal: AbortSignal) {
    this.#settings = settings
    this.#signal = signal
  }

  /** Why mirrors could not be reached, a sentence each. */
  get failures(): readonly string[] {
    return this.#failures
  }

  /**
   * Reaches for mirrors; those tried before are not tried again.
   *
   * @param allowPrivate whether names may resolve into the local network
   * @returns an attempt for each hint: null when it failed, see `failures`
   */
  reach(hints: readonly Hint[], allowPrivate: boolean): Promise<ReachedMirror | null>[] {
    return hints.map((hint) => {
      const key = hint.kind === 'peer' ? hint.peer : hint.text
      const running = this.#attempts.get(key)
      const attempt =
        running === undefined
          ? this.#reach(hint, allowPrivate)
          : // Another address of the same peer: only needed when the first does not work.
            running.then(async (reached) => reached ?? (await this.#reach(hint, allowPrivate)))
      this.#attempts.set(key, attempt)
      return attempt
    })
  }

  /** Asks a mirror for others of an archive and reaches for them too. @returns the attempts */
  async reachMore(
    mirror: ReachedMirror,
    address: string,
    allowPrivate: boolean,
  ): Promise<Promise<ReachedMirror | null>[]> {
    const told = await new ArchiveClient(mirror.carrier).peers(address, this.#signal)
    const inside = allowPrivate || (await this.#isInside(mirror))
    const hints = told.flatMap((text) => {
      try {
        const hint = parseHint(text)
        return inside || scopeOfHint(hint) === 'public' ? [hint] : []
      } catch {
        return [] // What a mirror told is no hint: nothing to learn from it.
      }
    })
    return this.reach(
      hints.filter((hint) => hint.kind === 'peer' && !this.#attempts.has(hint.peer)),
      inside,
    )
  }

  /** The node, started if need be. */
  async node(): Promise<PeerNode> {
    this.#node ??= PeerNode.start(this.#settings)
    return await this.#node
  }

  async stop(): Promise<void> {
    for (const attempt of this.#attempts.values()) void attempt.then((reached) => reached?.carrier.close())
    await (await this.#node)?.stop()
  }

  async #reach(hint: Hint, allowPrivate: boolean): Promise<ReachedMirror | null> {
    try {
      if (hint.kind === 'url') return { hint, carrier: new UrlCarrier(hint.url, allowPrivate) }
      const node = await this.node()
      return { hint, carrier: await node.connect(hint.peer, [hint.address], this.#signal, { allowPrivate }) }
    } catch (error) {
      if (!this.#signal.aborted) this.#failures.push(reasonOf(error))
      return null
    }
  }

  async #isInside({ hint }: ReachedMirror): Promise<boolean> {
    return hint.kind === 'peer' && (await this.node()).scopeOf(hint.peer) !== 'public'
  }
}

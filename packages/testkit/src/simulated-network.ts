/** Links between named nodes, in one thread and one clock: late, lossy, cut and healed as a simulation says. */
import type { ManualClock } from './manual-clock.ts'
import type { SeededRandom } from './seeded-random.ts'

/** What the network needs of a node. */
export interface Linked {
  readonly name: string
  /** Whether its program runs. */
  readonly isUp: boolean
  /** Counts its starts: what was meant for an earlier life is lost. */
  readonly life: number
  peerSeen(peer: string): void
  peerLost(peer: string): void
}

/** Milliseconds. */
const DELAY = { low: 5, high: 200 }
const ANSWER_TIMEOUT = 8_000
/** After a cut, each side notices by itself. */
const NOTICE = { low: 1_000, high: 20_000 }
const DIAL_PAUSE = { low: 3_000, high: 12_000 }
const WANTED_LINKS = 3
const MOST_LINKS = 6

export class SimulatedNetwork<Node extends Linked> {
  /** Chance that a message is lost. */
  loss = 0
  /** Chance of one more link than needed at each look around, instead of which an old one goes when there are too many. */
  churn = 0
  /** Messages sent so far. */
  sent = 0
  readonly #nodes = new Map<string, Node>()
  /** Whom each node believes to be connected to. */
  readonly #links = new Map<string, Set<string>>()
  /** Nodes of different numbers cannot reach each other. */
  readonly #island = new Map<string, number>()
  readonly #clock: ManualClock
  readonly #random: SeededRandom

  constructor(clock: ManualClock, random: SeededRandom) {
    this.#clock = clock
    this.#random = random
  }

  /** The node looks for others from now on, whenever it is up. */
  join(node: Node): void {
    this.#nodes.set(node.name, node)
    this.#links.set(node.name, new Set())
    this.#lookAround(node)
  }

  linksOf(name: string): string[] {
    return [...(this.#links.get(name) ?? [])]
  }

  /** Cuts the network in pieces. @param islandOf the number of the piece of a node; all 0 heals it */
  partition(islandOf: (name: string) => number): void {
    for (const name of this.#nodes.keys()) this.#island.set(name, islandOf(name))
    for (const name of this.#nodes.keys()) this.#noticeBroken(name)
  }

  /** A node stopped: it has no links any more, and the others find out. */
  stopped(name: string): void {
    this.#links.get(name)?.clear()
    for (const other of this.#nodes.keys()) this.#noticeBroken(other)
  }

  /** One message, which arrives some time or never. */
  send(from: string, to: string, deliver: (node: Node) => void): void {
    const life = this.#nodes.get(to)?.life
    this.sent += 1
    if (this.#random.chance(this.loss)) return
    this.#clock.after(this.#random.between(DELAY.low, DELAY.high), () => {
      const node = this.#nodes.get(to)
      if (node?.life === life && node?.isUp === true && this.#reaches(from, to)) deliver(node)
    })
  }

  /** Question and answer. @param heard null when none came in time; not called when the asker's life ended */
  ask<Answer>(
    from: string,
    to: string,
    question: (node: Node) => Answer,
    heard: (answer: Answer | null) => void,
  ): void {
    const life = this.#nodes.get(from)?.life
    let isOpen = true
    const close = (answer: Answer | null): void => {
      const asker = this.#nodes.get(from)
      if (!isOpen || asker?.life !== life || !asker?.isUp) return
      isOpen = false
      heard(answer)
    }
    this.#clock.after(ANSWER_TIMEOUT, () => close(null))
    this.send(from, to, (node) => {
      const answer = question(node)
      this.send(to, from, () => close(answer))
    })
  }

  #reaches(from: string, to: string): boolean {
    return (this.#island.get(from) ?? 0) === (this.#island.get(to) ?? 0)
  }

  #isLinked(a: string, b: string): boolean {
    return Boolean(this.#nodes.get(b)?.isUp && this.#reaches(a, b) && this.#links.get(b)?.has(a))
  }

  /** Links of a node whose other end is gone end for it a little later, unless they came back. */
  #noticeBroken(name: string): void {
    for (const other of this.linksOf(name)) {
      if (this.#isLinked(name, other)) continue
      this.#clock.after(this.#random.between(NOTICE.low, NOTICE.high), () => {
        if (!this.#isLinked(name, other)) this.#unlink(name, other)
      })
    }
  }

  #unlink(name: string, other: string): void {
    if (!this.#links.get(name)?.delete(other)) return
    const node = this.#nodes.get(name)
    if (node?.isUp) node.peerLost(other)
  }

  #lookAround(node: Node): void {
    const links = this.#links.get(node.name)
    if (node.isUp && links) {
      const wanted = links.size < WANTED_LINKS || this.#random.chance(this.churn)
      const strangers = [...this.#nodes.values()].filter((other) => this.#mayDial(node, other))
      const other = wanted ? this.#random.pick(strangers) : undefined
      if (other) this.#link(node, other)
      const surplus = links.size > MOST_LINKS ? this.#random.pick([...links]) : undefined
      if (surplus !== undefined) {
        this.#unlink(node.name, surplus)
        this.#noticeBroken(surplus)
      }
    }
    this.#clock.after(this.#random.between(DIAL_PAUSE.low, DIAL_PAUSE.high), () => this.#lookAround(node))
  }

  #mayDial(node: Node, other: Node): boolean {
    const isLinked = this.#links.get(node.name)?.has(other.name) && this.#links.get(other.name)?.has(node.name)
    return other !== node && other.isUp && this.#reaches(node.name, other.name) && !isLinked
  }

  /** Both ends see each other, again where one of them had not yet noticed a break. */
  #link(a: Node, b: Node): void {
    this.#links.get(a.name)?.add(b.name)
    this.#links.get(b.name)?.add(a.name)
    a.peerSeen(b.name)
    b.peerSeen(a.name)
  }
}

/** Hands a release to mirrors and waits until some of them hold all of it. */
import { ArchiveClient, NetworkError, reasonOf } from '@holdfast/network'
import type { ReleaseInfo } from '@holdfast/release'
import { writeCar, walkDag, type BlockReader } from '@holdfast/dag'
import { HEAD_WAIT_S, PUBLISH_PATIENCE_MS } from '../limits.ts'
import type { Mirrors, ReachedMirror } from '../reading/mirrors.ts'

export interface SpreadNews {
  /** A mirror took the announcement, or said why not. */
  announced(mirror: ReachedMirror, refusal: string | null): void
  /** A mirror holds all of it. */
  held(mirror: ReachedMirror): void
  note(line: string): void
}

export interface SpreadJob {
  release: ReleaseInfo
  /** The announcement as it travels. */
  bytes: Uint8Array
  blocks: BlockReader
  /** How many mirrors to wait for. */
  wait: number
  /** Bytes that mirrors took so far: while this grows, somebody is at work. */
  readonly sentBytes: () => number
}

/** Resolves once `wait` mirrors hold the release, or when nobody got anywhere for PUBLISH_PATIENCE_MS. */
export async function spread(
  job: SpreadJob,
  first: readonly ReachedMirror[],
  mirrors: Mirrors,
  news: SpreadNews,
  signal: AbortSignal,
): Promise<void> {
  const spreading = new Spreading(job, mirrors, news, signal)
  await spreading.run(first)
}

class Spreading {
  readonly #job: SpreadJob
  readonly #mirrors: Mirrors
  readonly #news: SpreadNews
  readonly #signal: AbortSignal
  readonly #end = new AbortController()
  #held = 0

  constructor(job: SpreadJob, mirrors: Mirrors, news: SpreadNews, signal: AbortSignal) {
    this.#job = job
    this.#mirrors = mirrors
    this.#news = news
    this.#signal = AbortSignal.any([signal, this.#end.signal])
  }

  async run(first: readonly ReachedMirror[]): Promise<void> {
    const stopWatch = this.#watchPatience()
    try {
      await Promise.all(first.map(async (mirror) => await this.#give(mirror)))
    } finally {
      stopWatch()
    }
  }

  /** Announces to one mirror, then to those it knows; waits for it unless enough hold the release. */
  async #give(mirror: ReachedMirror): Promise<void> {
    const { address } = this.#job.release
    try {
      const { taken, reason } = await new ArchiveClient(mirror.carrier).announce(address, this.#job.bytes, this.#signal)
      this.#news.announced(mirror, taken ? null : reason)
      if (!taken || this.#job.wait === 0) return
      if (mirror.hint.kind === 'url') await this.#upload(mirror)
      await Promise.all([this.#waitFor(mirror), this.#giveToMore(mirror)])
    } catch (error) {
      if (this.#signal.aborted) return
      if (!(error instanceof NetworkError)) throw error
      this.#news.note(`${mirror.carrier.name}: ${reasonOf(error)}`)
    }
  }

  async #giveToMore(mirror: ReachedMirror): Promise<void> {
    const attempts = await this.#mirrors.reachMore(mirror, this.#job.release.address, false)
    await Promise.all(
      attempts.map(async (attempt) => {
        const more = await attempt
        if (more !== null) await this.#give(more)
      }),
    )
  }

  async #waitFor(mirror: ReachedMirror): Promise<void> {
    const { address, version, cid } = this.#job.release
    const client = new ArchiveClient(mirror.carrier)
    while (!this.#signal.aborted) {
      const head = await client.head(address, { wait: HEAD_WAIT_S, served: version }, this.#signal)
      const served = head?.served ?? 0
      if (served > version || (served === version && head?.cid === cid.toString())) break
    }
    if (this.#signal.aborted) return
    this.#held++
    this.#news.held(mirror)
    if (this.#held >= this.#job.wait) this.#end.abort()
  }

  /** A mirror behind a web server cannot ask us: it is given every block, in the order in which each is named by one before. */
  async #upload(mirror: ReachedMirror): Promise<void> {
    const { release, blocks } = this.#job
    const car = writeCar([release.manifest, release.cid], walkBoth(release, blocks))
    await new ArchiveClient(mirror.carrier).upload(release.address, car, this.#signal)
  }

  #watchPatience(): () => void {
    let seen = ''
    let since = performance.now()
    const watch = setInterval(() => {
      const now = `${this.#job.sentBytes()} ${this.#held}`
      if (now !== seen) since = performance.now()
      seen = now
      if (performance.now() - since > PUBLISH_PATIENCE_MS) this.#end.abort()
    }, 1000)
    return () => clearInterval(watch)
  }
}

async function* walkBoth(
  release: ReleaseInfo,
  blocks: BlockReader,
): AsyncGenerator<{ cid: ReleaseInfo['cid']; bytes: Uint8Array }> {
  for (const root of [release.manifest, release.cid]) {
    for await (const { cid, bytes } of walkDag(root, blocks, { leaves: true })) if (bytes !== null) yield { cid, bytes }
  }
}

/** How a fetch goes, in words: done of total in bytes, rate, time left, and what it waits for. */
import type { FetchProgress } from '../archives/fetch-release.ts'
import { formatBytes, formatSeconds } from '../figures.ts'
import { PROGRESS_INTERVAL_MS, SILENCE_MS } from '../limits.ts'
import type { Output } from '../output.ts'

export interface ShownProgress extends FetchProgress {
  /** Ends the watch for silence. */
  stop(): void
}

/**
 * @param total bytes of all files, where it is known
 * @param waitingFor names whom a silent fetch waits for
 */
export function showProgress(out: Output, total: number | null, waitingFor: () => string): ShownProgress {
  const began = performance.now()
  let bytes = 0
  let last = began
  const watch = setInterval(() => {
    const silent = performance.now() - last
    if (silent >= SILENCE_MS) out.note(`Nothing came for ${formatSeconds(silent / 1000)}; waiting for ${waitingFor()}.`)
  }, PROGRESS_INTERVAL_MS)
  watch.unref()
  return {
    block: (_cid, size) => {
      const now = performance.now()
      bytes += size
      last = now
      const rate = bytes / Math.max(0.001, (now - began) / 1000)
      const of = total === null ? '' : ` of ${formatBytes(Math.max(total, bytes))}`
      const left = total === null ? '' : `, ${formatSeconds(Math.max(0, total - bytes) / Math.max(1, rate))} left`
      out.progress(`${formatBytes(bytes)}${of}, ${formatBytes(rate)}/s${left}`, now)
    },
    liar: (source, reason) => out.note(`${source} ${reason}: it is not asked again.`),
    failed: (source, reason, final) => out.detail(`${source}: ${reason}${final ? '; given up' : ''}`),
    stop: () => clearInterval(watch),
  }
}

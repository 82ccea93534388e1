/** Waiting on a client's behalf: few at a time, and never for long. */
import { MAX_WAITING, MAX_WAIT_SECONDS } from './limits.ts'

/**
 * @param text the value of `?wait=`, or null
 * @returns seconds, at most MAX_WAIT_SECONDS; 0 without the parameter; null when it is no number of seconds
 */
export function parseWait(text: string | null): number | null {
  if (text === null) return 0
  return /^\d{1,9}(?:\.\d{1,3})?$/.test(text) ? Math.min(Number(text), MAX_WAIT_SECONDS) : null
}

/** The long polls of one gateway. */
export class LongPolls {
  #waiting = 0

  /**
   * Waits until something is due, the time is up or the client is gone; at once when too many wait already, so that nobody
   * can keep others from an answer by waiting.
   *
   * @param isDue asked before and after every change
   * @param changed resolves at the next change; whether it resolves or rejects on abort does not matter
   */
  async until(
    isDue: () => boolean,
    changed: (signal: AbortSignal) => Promise<void>,
    seconds: number,
    client: AbortSignal,
  ): Promise<void> {
    if (seconds === 0 || client.aborted || isDue() || this.#waiting >= MAX_WAITING) return
    this.#waiting++
    const end = new AbortController()
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    const finish = (): void => {
      end.abort()
      resolve()
    }
    const timer = setTimeout(finish, seconds * 1000)
    client.addEventListener('abort', finish, { once: true })
    try {
      // Nothing can change between the question and the next wait: both happen in one turn of the loop.
      while (!end.signal.aborted && !isDue()) await Promise.race([ended, changed(end.signal)])
    } catch (error) {
      if (!end.signal.aborted) throw error
    } finally {
      clearTimeout(timer)
      client.removeEventListener('abort', finish)
      // Whoever listens for the next change is not wanted any more.
      finish()
      this.#waiting--
    }
  }
}

/** The pack files in their folder: names, sizes, and reading at a place through a few open descriptors. */
import { closeSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { MAX_OPEN_PACKS } from './limits.ts'

const PACK_NAME = /^(\d{8,})\.pack$/

export class PackFiles {
  readonly folder: string
  /** In the order of last use, oldest first. */
  readonly #open = new Map<number, number>()

  /** @param folder exists */
  constructor(folder: string) {
    this.folder = folder
  }

  pathOf(pack: number): string {
    return join(this.folder, `${String(pack).padStart(8, '0')}.pack`)
  }

  /** @returns number and bytes of each pack, in ascending order */
  list(): { pack: number; size: number }[] {
    const packs: number[] = []
    for (const name of readdirSync(this.folder)) {
      const digits = PACK_NAME.exec(name)?.[1]
      if (digits !== undefined) packs.push(Number(digits))
    }
    return packs.toSorted((a, b) => a - b).map((pack) => ({ pack, size: statSync(this.pathOf(pack)).size }))
  }

  /** @returns bytes of that pack on disk, 0 when it is not there */
  sizeOf(pack: number): number {
    return statSync(this.pathOf(pack), { throwIfNoEntry: false })?.size ?? 0
  }

  /**
   * Fills the target from that place on.
   *
   * @returns bytes read: fewer than asked for only where the pack ends
   * @throws what the system throws: ENOENT for a pack that is gone
   */
  read(pack: number, position: number, target: Uint8Array): number {
    const descriptor = this.#descriptorOf(pack)
    let done = 0
    while (done < target.length) {
      const read = readSync(descriptor, target, done, target.length - done, position + done)
      if (read === 0) break
      done += read
    }
    return done
  }

  /** Removes a pack; one that is not there is no error. */
  remove(pack: number): void {
    this.#close(pack)
    rmSync(this.pathOf(pack), { force: true })
  }

  close(): void {
    for (const pack of this.#open.keys()) this.#close(pack)
  }

  #descriptorOf(pack: number): number {
    let descriptor = this.#open.get(pack)
    if (descriptor === undefined) {
      const [oldest] = this.#open.keys()
      if (oldest !== undefined && this.#open.size >= MAX_OPEN_PACKS) this.#close(oldest)
      descriptor = openSync(this.pathOf(pack), 'r')
    } else {
      this.#open.delete(pack)
    }
    this.#open.set(pack, descriptor)
    return descriptor
  }

  #close(pack: number): void {
    const descriptor = this.#open.get(pack)
    if (descriptor === undefined) return
    this.#open.delete(pack)
    closeSync(descriptor)
  }
}

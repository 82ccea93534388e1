/**
 * Appends sections to the newest pack: gathered in memory, written in large pieces, made durable by `sync`. One piece is
 * written by a thread while the next one is gathered.
 */
import { closeSync, fdatasync, ftruncateSync, openSync, write } from 'node:fs'
import { promisify } from 'node:util'
import { syncFolder, writeAll } from './atomic-file.ts'
import { storeErrorFrom, type StoreError } from './errors.ts'
import { WRITE_BUFFER_BYTES } from './limits.ts'
import type { PackFiles } from './pack-files.ts'
import { PACK_HEADER } from './section.ts'

interface OpenPack {
  readonly pack: number
  readonly descriptor: number
  /** Bytes in the file or on their way there; what is in the buffer comes after them. */
  written: number
  /** Bytes that survive a power cut. */
  durable: number
  /** Whether its name in the folder may still be lost. */
  fresh: boolean
}

/** A piece that a thread writes. It can be read from here until it is in the file. */
interface Flight {
  readonly open: OpenPack
  readonly bytes: Buffer
  readonly position: number
  /** Ends when the thread does, whatever came of it. */
  readonly landed: Promise<void>
  state: 'flying' | 'written' | 'failed'
}

const syncData = promisify(fdatasync)
const writePiece = promisify(write)

export class PackWriter {
  readonly #files: PackFiles
  readonly #packBytes: number
  #buffer = Buffer.allocUnsafeSlow(WRITE_BUFFER_BYTES)
  #spare = Buffer.allocUnsafeSlow(WRITE_BUFFER_BYTES)
  #buffered = 0
  #flight: Flight | null = null
  #current: OpenPack | null = null
  /** Full packs that are not durable yet. */
  #sealed: OpenPack[] = []
  #lastPack: number
  #failure: StoreError | null = null

  /**
   * @param lastPack the highest pack number ever used: numbers are never used again, since a reader may have one open
   * @param reopen the last pack, when it may be continued: everything in it is sound and durable
   * @param packBytes bytes after which a pack gets no more blocks
   */
  constructor(files: PackFiles, lastPack: number, reopen: { pack: number; size: number } | null, packBytes: number) {
    this.#files = files
    this.#packBytes = packBytes
    this.#lastPack = lastPack
    if (reopen !== null && reopen.size < packBytes) {
      const descriptor = openSync(files.pathOf(reopen.pack), 'r+')
      this.#current = { pack: reopen.pack, descriptor, written: reopen.size, durable: reopen.size, fresh: false }
    }
  }

  get lastPack(): number {
    return this.#lastPack
  }

  /** The pack that appends go to, null before the first. It grows; every other one only ever vanishes. */
  get currentPack(): number | null {
    return this.#current?.pack ?? null
  }

  /** @returns whether the pack is being written, or is not durable yet */
  isOpen(pack: number): boolean {
    return this.#current?.pack === pack || this.#sealed.some((open) => open.pack === pack)
  }

  /**
   * @returns where the section begins; it can be read there at once through `readBuffered` or the file
   * @throws StoreError 'disk-full' or 'io', and then nothing has changed
   */
  append(header: Uint8Array, bytes: Uint8Array): { pack: number; offset: number } {
    const length = header.length + bytes.length
    if (this.#current !== null && this.#current.written + this.#buffered + length > this.#packBytes) this.seal()
    if (this.#current === null) this.#begin()
    if (this.#buffered + length > this.#buffer.length) this.#handOver()
    const { pack, written } = this.#current as OpenPack
    const offset = written + this.#buffered
    this.#buffer.set(header, this.#buffered)
    this.#buffer.set(bytes, this.#buffered + header.length)
    this.#buffered += length
    return { pack, offset }
  }

  /** @returns bytes that are not in the file yet, good until the next append, or null when they are in the file */
  readBuffered(pack: number, offset: number, length: number): Uint8Array | null {
    const flight = this.#flight
    if (flight !== null && flight.open.pack === pack && isInside(flight, offset, length))
      return flight.bytes.subarray(offset - flight.position, offset - flight.position + length)
    if (this.#current?.pack !== pack || offset < this.#current.written) return null
    const from = offset - this.#current.written
    return this.#buffer.subarray(from, from + length)
  }

  /**
   * Writes the buffer into the file.
   *
   * @throws StoreError 'disk-full' or 'io'; the buffer then stays as it is, readable, to be tried again
   */
  drain(): void {
    this.#requireSound()
    this.#land()
    if (this.#current === null || this.#buffered === 0) return
    const { written } = this.#current
    this.#writeNow(this.#current, this.#buffer.subarray(0, this.#buffered), written)
    this.#current.written += this.#buffered
    this.#buffered = 0
  }

  /** Empties the buffer: into the hands of a thread, or into the file where that has another piece. @throws as `drain` */
  #handOver(): void {
    this.#requireSound()
    this.#land()
    if (this.#flight !== null || this.#current === null || this.#buffered === 0) {
      this.drain()
      return
    }
    const open = this.#current
    const bytes = this.#buffer.subarray(0, this.#buffered)
    const flight: Flight = {
      open,
      bytes,
      position: open.written,
      state: 'flying',
      landed: writeBeside(open.descriptor, bytes, open.written).then(
        () => void (flight.state = 'written'),
        () => void (flight.state = 'failed'),
      ),
    }
    this.#flight = flight
    open.written += this.#buffered
    this.#buffered = 0
    const full = this.#buffer
    this.#buffer = this.#spare
    this.#spare = full
  }

  /** Ends a flight that is over; a piece that a thread could not write is written here, or it is known why not. @throws as `drain` */
  #land(): void {
    const flight = this.#flight
    if (flight === null || flight.state === 'flying') return
    if (flight.state === 'failed') this.#writeNow(flight.open, flight.bytes, flight.position)
    this.#flight = null
  }

  #writeNow(open: OpenPack, bytes: Uint8Array, position: number): void {
    try {
      writeAll(open.descriptor, bytes, position)
    } catch (error) {
      // Half a piece is of no use, and the index needs some room to record what was written before.
      if (open.written <= position + bytes.length) ftruncateSync(open.descriptor, position)
      throw storeErrorFrom(error, `writing ${this.#files.pathOf(open.pack)}`)
    }
  }

  /** The next section begins a new pack. @throws as `drain` */
  seal(): void {
    this.drain()
    if (this.#current !== null) this.#sealed.push(this.#current)
    this.#current = null
  }

  /** Resolves when no thread writes: `drain` then leaves nothing beside the file. */
  async settle(): Promise<void> {
    while (this.#flight?.state === 'flying') await this.#flight.landed
  }

  /**
   * Makes durable what was appended before; appends may go on meanwhile. Call it right after `settle`.
   *
   * @returns the length of each pack that was touched, up to which it is durable now
   * @throws StoreError 'disk-full' or 'io'
   */
  async sync(): Promise<Map<number, number>> {
    this.drain()
    const sealed = this.#sealed
    const touched = this.#current === null ? sealed : [...sealed, this.#current]
    const ends = new Map<number, number>()
    for (const open of touched) {
      const { written } = open
      if (written > open.durable || open.fresh) await this.#syncPack(open)
      open.durable = written
      ends.set(open.pack, written)
    }
    this.#sealed = this.#sealed.filter((open) => !sealed.includes(open))
    for (const { descriptor } of sealed) closeSync(descriptor)
    return ends
  }

  /** Closes without writing: `sync` comes before. */
  close(): void {
    const descriptors = [...this.#sealed, ...(this.#current === null ? [] : [this.#current])].map(
      (open) => open.descriptor,
    )
    const closeAll = (): void => {
      for (const descriptor of descriptors) closeSync(descriptor)
    }
    // A thread must not find another file under a number that was given away.
    if (this.#flight?.state === 'flying') void this.#flight.landed.then(closeAll)
    else closeAll()
    this.#sealed = []
    this.#current = null
  }

  #begin(): void {
    this.#requireSound()
    const pack = this.#lastPack + 1
    try {
      const descriptor = openSync(this.#files.pathOf(pack), 'wx+', 0o600)
      this.#current = { pack, descriptor, written: 0, durable: 0, fresh: true }
    } catch (error) {
      throw storeErrorFrom(error, `making ${this.#files.pathOf(pack)}`)
    }
    this.#lastPack = pack
    this.#buffer.set(PACK_HEADER)
    this.#buffered = PACK_HEADER.length
  }

  async #syncPack(open: OpenPack): Promise<void> {
    try {
      await syncData(open.descriptor)
      if (open.fresh) syncFolder(this.#files.folder)
      open.fresh = false
    } catch (error) {
      // After a failed fsync nobody knows what is on disk, and a second one that succeeds says nothing (fsyncgate):
      // forget what was written since the last good one, and refuse until the store is opened again.
      this.#failure = storeErrorFrom(error, `fsync of ${this.#files.pathOf(open.pack)}`)
      ftruncateSync(open.descriptor, open.durable)
      throw this.#failure
    }
  }

  #requireSound(): void {
    if (this.#failure !== null) throw this.#failure
  }
}

async function writeBeside(descriptor: number, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await writePiece(descriptor, bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

function isInside({ bytes, position }: Flight, offset: number, length: number): boolean {
  return offset >= position && offset + length <= position + bytes.length
}

/**
 * The archives of one home on disk: metadata exactly as received, heads and hints. For each address a folder with
 *
 * - `state.json`: the newest verified metadata, all of it in one file, so that it is never half old and half new
 * - `served.json`: the release that is held whole and served
 * - `follow.json`: hints, and the name that a link claimed
 * - `releases/<N>.targets.json`: the targets metadata of each release that was ever the newest, verbatim
 *
 * Nothing here is trusted for being here: whoever loads a state verifies it again (`openState`).
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseAddress, type TrustedState } from '@holdfast/release'
import * as v from 'valibot'
import { makeFolder, syncFolder, UNFINISHED_SUFFIX, writeFileAtomic } from './atomic-file.ts'
import { readCheckedFile, writeCheckedFile } from './checked-file.ts'
import { failedWith, StoreError, storeErrorFrom } from './errors.ts'
import { MAX_FORK_PROOFS } from './limits.ts'
import { sha256 } from './sha256.ts'

export interface StoredArchive {
  /** Without roots until the first announcement came. */
  state: TrustedState | { address: string; roots: [] }
  /** Version of the release that is served; null before the first. */
  served: number | null
  hints: string[]
  /** As a link claimed it. */
  name?: string
}

const Version = v.pipe(v.number(), v.safeInteger(), v.minValue(1))
const Base64 = v.pipe(
  v.string(),
  v.base64(),
  v.transform((text) => new Uint8Array(Buffer.from(text, 'base64'))),
)
const StateSchema = v.object({
  address: v.string(),
  roots: v.pipe(v.array(Base64), v.minLength(1)),
  timestamp: v.optional(Base64),
  snapshot: v.optional(Base64),
  targets: v.optional(Base64),
})
const ServedSchema = v.object({ version: Version })
const FollowSchema = v.object({ hints: v.array(v.string()), name: v.optional(v.string()) })
const TargetsSchema = v.object({ signed: v.object({ version: Version }) })

const STATE = 'state.json'
const SERVED = 'served.json'
const FOLLOW = 'follow.json'
const RELEASES = 'releases'
const FORKS = 'forks'
const PROOF_SUFFIX = '.fork'
const TARGETS_NAME = /^([1-9]\d*)\.targets\.json$/
/** Begins the name of an archive's folder that is about to go. */
const FORGOTTEN = '.forgotten-'

export class ArchiveStore {
  readonly #folder: string
  /** Folders rid of what a crash left, once for each time the program runs. */
  readonly #tidied = new Set<string>()

  /** @param folder need not exist; made by the first write */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** @returns the addresses that are known here, sorted @throws StoreError 'io' */
  async addresses(): Promise<string[]> {
    return namesIn(this.#folder)
      .filter((name) => parseAddress(name) !== null && this.#isKnown(name))
      .toSorted()
  }

  /**
   * @returns null for an archive that is not known here
   * @throws StoreError 'damaged' naming a file that is not as it was written, and stays so; 'bad-address', 'io'
   */
  async load(address: string): Promise<StoredArchive | null> {
    if (!this.#isKnown(address)) return null
    const stored = readCheckedFile(this.#file(address, STATE), StateSchema)
    if (stored !== null && stored.address !== address) {
      throw new StoreError('damaged', `${this.#file(address, STATE)} is of another archive, ${stored.address}`)
    }
    const served = readCheckedFile(this.#file(address, SERVED), ServedSchema)
    const { hints, name } = readCheckedFile(this.#file(address, FOLLOW), FollowSchema) ?? { hints: [] }
    return {
      state: stored === null ? { address, roots: [] } : stateOf(stored),
      served: served?.version ?? null,
      hints,
      ...(name !== undefined && { name }),
    }
  }

  /** Begins to follow an archive, or replaces hints and claimed name. Durable. @throws StoreError 'bad-address', 'disk-full', 'io' */
  async follow(address: string, { hints, name }: { hints: readonly string[]; name?: string }): Promise<void> {
    this.#prepare(address)
    writeCheckedFile(this.#file(address, FOLLOW), { hints, name })
  }

  /** Replaces the hints; the claimed name stays. Durable. @throws StoreError as `load` and `follow` */
  async saveHints(address: string, hints: readonly string[]): Promise<void> {
    const { name } = readCheckedFile(this.#file(address, FOLLOW), FollowSchema) ?? {}
    await this.follow(address, { hints, ...(name !== undefined && { name }) })
  }

  /** Removes all that is known of an archive; no error when nothing is. @throws StoreError 'bad-address', 'io' */
  async forget(address: string): Promise<void> {
    const folder = this.#folderOf(address)
    const forgotten = join(this.#folder, FORGOTTEN + address)
    try {
      rmSync(forgotten, { recursive: true, force: true })
      if (!existsSync(folder)) return
      renameSync(folder, forgotten)
      syncFolder(this.#folder)
      rmSync(forgotten, { recursive: true, force: true })
    } catch (error) {
      throw storeErrorFrom(error, `removing ${folder}`)
    }
  }

  /**
   * Replaces the newest metadata, and keeps its targets as those of a release. Durable; all or nothing.
   *
   * @param state verified by the caller
   * @throws StoreError 'bad-address', 'disk-full', 'io'
   */
  async saveState(state: TrustedState | { address: string; roots: [] }): Promise<void> {
    const { address, roots } = state
    if (roots.length === 0) throw new StoreError('bad-address', `there is nothing yet to be stored of ${address}`)
    const { timestamp, snapshot, targets } = state as TrustedState
    this.#prepare(address)
    // First, so that the newest state never speaks of a release that `pastTargets` does not know.
    if (targets !== undefined) await this.saveTargets(address, versionOf(targets), targets)
    writeCheckedFile(this.#file(address, STATE), {
      address,
      roots: roots.map(base64),
      ...(timestamp && { timestamp: base64(timestamp) }),
      ...(snapshot && { snapshot: base64(snapshot) }),
      ...(targets && { targets: base64(targets) }),
    })
  }

  /** The release whose blocks are all pinned. Durable. @throws StoreError 'bad-address', 'disk-full', 'io' */
  async saveServed(address: string, version: number): Promise<void> {
    this.#prepare(address)
    writeCheckedFile(this.#file(address, SERVED), { version })
  }

  /**
   * Keeps the targets metadata of a release of the past, in place of any of that version. Durable.
   *
   * @param targets verified by the caller
   * @throws StoreError 'bad-address', 'disk-full', 'io'
   */
  async saveTargets(address: string, version: number, targets: Uint8Array): Promise<void> {
    this.#prepare(address)
    const file = this.#targetsFile(address, version)
    const before = readIfThere(file)
    if (before === null || Buffer.compare(before, targets) !== 0) writeFileAtomic(file, targets)
  }

  /** @returns the targets metadata of a release, verbatim, or null when it is not held @throws StoreError 'bad-address', 'io' */
  async pastTargets(address: string, version: number): Promise<Uint8Array | null> {
    if (!Number.isSafeInteger(version) || version < 1) return null
    return readIfThere(this.#targetsFile(address, version))
  }

  /** @returns the versions that `pastTargets` has, ascending @throws StoreError 'bad-address', 'io' */
  async pastVersions(address: string): Promise<number[]> {
    return namesIn(join(this.#folderOf(address), RELEASES))
      .flatMap((name) => TARGETS_NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .toSorted((a, b) => a - b)
  }

  /** Keeps the proof of a fork beside those kept before, MAX_FORK_PROOFS at most. Durable. @throws StoreError as `follow` */
  async saveForkProof(address: string, proof: Uint8Array): Promise<void> {
    this.#prepare(address)
    const folder = join(this.#folderOf(address), FORKS)
    makeFolder(folder)
    const file = join(folder, `${Buffer.from(sha256(proof)).toString('hex')}${PROOF_SUFFIX}`)
    if (!existsSync(file) && namesIn(folder).length < MAX_FORK_PROOFS) writeFileAtomic(file, proof)
  }

  /** @returns proofs of forks, verbatim, in no useful order @throws StoreError 'bad-address', 'io' */
  async forkProofs(address: string): Promise<Uint8Array[]> {
    const folder = join(this.#folderOf(address), FORKS)
    return namesIn(folder)
      .filter((name) => name.endsWith(PROOF_SUFFIX))
      .flatMap((name) => readIfThere(join(folder, name)) ?? [])
  }

  #isKnown(address: string): boolean {
    return existsSync(this.#file(address, FOLLOW)) || existsSync(this.#file(address, STATE))
  }

  #targetsFile(address: string, version: number): string {
    return join(this.#folderOf(address), RELEASES, `${version}.targets.json`)
  }

  #file(address: string, name: string): string {
    return join(this.#folderOf(address), name)
  }

  /** An address becomes a part of a path, so nothing that is none may pass. */
  #folderOf(address: string): string {
    if (parseAddress(address) === null)
      throw new StoreError('bad-address', `"${address}" is not the address of an archive`)
    return join(this.#folder, address)
  }

  #prepare(address: string): void {
    const folder = this.#folderOf(address)
    const releases = join(folder, RELEASES)
    try {
      makeFolder(releases)
      if (this.#tidied.has(address)) return
      for (const within of [folder, releases]) {
        const left = namesIn(within).filter((name) => name.endsWith(UNFINISHED_SUFFIX))
        for (const name of left) rmSync(join(within, name), { force: true })
      }
      this.#tidied.add(address)
    } catch (error) {
      throw storeErrorFrom(error, `tidying ${folder}`)
    }
  }
}

function stateOf({ address, roots, timestamp, snapshot, targets }: v.InferOutput<typeof StateSchema>): TrustedState {
  return { address, roots, ...(timestamp && { timestamp }), ...(snapshot && { snapshot }), ...(targets && { targets }) }
}

function versionOf(targets: Uint8Array): number {
  return v.parse(TargetsSchema, JSON.parse(new TextDecoder().decode(targets))).signed.version
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** @returns a plain array, so that what is loaded equals what was saved */
function readIfThere(file: string): Uint8Array | null {
  try {
    return new Uint8Array(readFileSync(file))
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return null
    throw storeErrorFrom(error, `reading ${file}`)
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return []
    throw storeErrorFrom(error, `reading ${folder}`)
  }
}

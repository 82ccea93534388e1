/** What the gateway asks of the program around it. The daemon implements this; tests do so with maps. */
import type { BlockReader } from '@holdfast/dag'
import type { Freshness, TrustedState } from '@holdfast/release'
import type { CID } from 'multiformats/cid'

/** An archive that this mirror follows. */
export interface HeldArchive {
  address: string
  /** Verbatim bytes; never changed in place: what is derived from it is remembered. Without a release yet: roots, or nothing. */
  state: TrustedState
  /** The highest release verified, null before the first. */
  verified: number | null
  /** The release held whole and served, null before the first. */
  served: number | null
  /** Root CID of the served release. */
  cid: string | null
  /** How fresh the verified release is, as this mirror sees it; null before the first. */
  freshness: Freshness | null
  /** The newest proof of a fork, verbatim; null when none is known. */
  fork: Uint8Array | null
}

/** What became of an announcement that was handed in. */
export interface Submission {
  outcome: 'accept' | 'ignore' | 'reject'
  /** Of the verifier's closed union, where there is one. */
  code?: string
  /** One sentence without paths, for whoever handed it in. */
  reason: string
}

/** Blocks that may be served. */
export interface ServedBlocks extends BlockReader {
  /** @returns the block's bytes, counted without reading them; null when it is not held */
  sizeOf(cid: CID): number | null
}

/** The archives and what may be done with them. Addresses that arrive here are well-formed. */
export interface ServedArchives {
  /** Addresses that may be told to anybody. */
  listed(): string[]
  find(address: string): HeldArchive | null
  /** @returns the targets metadata of a release that is kept but no longer the newest, verbatim */
  pastTargets(address: string, version: number): Promise<Uint8Array | null>
  /** @returns bits that say which blocks of a release that is being fetched are here (docs/protocol.md, "Parts"); `all` for one that is held,
   * null for others */
  parts(address: string, manifest: string): Uint8Array | 'all' | null
  /** @returns the root CID of the kept release whose digest this is (hex) */
  rootBlockOf(address: string, sha256Hex: string): Promise<CID | null>
  /** Judges an announcement as gossip does. @param from the peer, null over plain HTTP */
  submit(address: string, bytes: Uint8Array, from: string | null): Promise<Submission>
  /**
   * Takes blocks of a verified release.
   *
   * @param car ends in an error when the sender stops, is too slow, or sends too much; then nothing more may be awaited of it
   * @throws UploadError when the sender is to be told why not
   */
  upload(address: string, car: AsyncIterable<Uint8Array>, from: string | null): Promise<{ stored: number }>
  /** Resolves at the next change of what `find` says of the archive; may reject or resolve when the signal aborts. */
  changed(address: string, signal: AbortSignal): Promise<void>
  /** @returns multiaddrs of other mirrors that may be told to this asker */
  peers(address: string, asker: string | null): Promise<string[]>
}

export interface GatewayContext {
  blocks: ServedBlocks
  archives: ServedArchives
}

/** Statuses that an upload can be refused with. */
export type UploadStatus = 400 | 403 | 404 | 409 | 413 | 422 | 429 | 503 | 507

/** Thrown by `upload`: what the sender is told. */
export class UploadError extends Error {
  override name = 'UploadError'
  readonly status: UploadStatus
  /** One sentence without paths. */
  readonly reason: string

  constructor(status: UploadStatus, reason: string, options?: ErrorOptions) {
    super(reason, options)
    this.status = status
    this.reason = reason
  }
}

/** What the carrier knows of the asker; plain HTTP says nothing. */
export interface GatewayBindings {
  /** Peer id, when the request came over libp2p. */
  peer?: string | null
}

/** For Hono: the type of `c.env`. */
export interface GatewayEnv {
  Bindings: GatewayBindings
}

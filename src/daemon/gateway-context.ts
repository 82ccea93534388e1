/** What the gateway may see and do of the daemon. */
import { createHash } from 'node:crypto'
import { parseHint, scopeOfHint } from '@holdfast/network'
import { gradeFreshness, type ReleaseInfo } from '@holdfast/release'
import type { CID } from 'multiformats/cid'
import type { Archive, ArchiveBook } from '../archives/archive-book.ts'
import type { GatewayContext } from '../gateway/context.ts'
import { MAX_TOLD_PEERS } from './limits.ts'

/** What the context needs of the daemon beside its book and store. */
export interface GatewayHelp {
  submit: GatewayContext['archives']['submit']
  upload: GatewayContext['archives']['upload']
  /** What is here of a release that is being fetched. */
  parts(manifest: string): Uint8Array | null
  /** Releases whose blocks are held. */
  kept(address: string): ReleaseInfo[]
  /** Addresses of connected mirrors of an archive. */
  mirrorsOf(address: string): Promise<string[]>
  /** Whether any other mirror of the archive is connected. */
  hasPeers(address: string): boolean
  readonly now: () => Date
  /** Whether a peer is connected from this machine or the local network. */
  isInside(peer: string): boolean
}

export function gatewayContext(book: ArchiveBook, blocks: GatewayContext['blocks'], help: GatewayHelp): GatewayContext {
  return {
    blocks,
    archives: {
      listed: () => book.addresses(),
      find: (address) => heldArchive(book.find(address), help),
      pastTargets: async (address, version) => await book.targets(address, version),
      rootBlockOf: async (address, sha256Hex) => rootWith(help.kept(address), sha256Hex),
      parts: (address, manifest) => {
        const isHeld = help.kept(address).some((release) => release.manifest.toString() === manifest)
        return isHeld ? 'all' : help.parts(manifest)
      },
      submit: help.submit,
      upload: help.upload,
      changed: async (address, signal) => await book.changed(address, signal),
      peers: async (address, asker) => {
        const inside = asker !== null && help.isInside(asker)
        const told = (await help.mirrorsOf(address)).filter((text) => asker === null || !text.endsWith(asker))
        // An address inside our own network means nothing, or something else, to somebody outside of it.
        return told.filter((text) => inside || scopeOfHint(parseHint(text)) === 'public').slice(0, MAX_TOLD_PEERS)
      },
    },
  }
}

/** @returns tag of an announcement's bytes, as the gateway gives it in ETag */
export function announcementTag(bytes: Uint8Array): string {
  return `"${createHash('sha256').update(bytes).digest('hex')}"`
}

function heldArchive(archive: Archive | null, help: GatewayHelp): ReturnType<GatewayContext['archives']['find']> {
  if (archive === null) return null
  const { address, state, verified, served } = archive
  return {
    address,
    state,
    verified: verified?.version ?? null,
    served: served?.version ?? null,
    cid: served?.cid.toString() ?? null,
    fork: archive.forks.at(-1)?.proof ?? null,
    freshness: verified && gradeFreshness(verified.expires, help.now(), help.hasPeers(address)),
  }
}

function rootWith(kept: readonly ReleaseInfo[], sha256Hex: string): CID | null {
  return kept.find(({ cid }) => Buffer.from(cid.multihash.digest).toString('hex') === sha256Hex)?.cid ?? null
}

/** Releases without signatures and trees: what the mirror's decisions need of them, and blocks that are mere names. */
import type { ReleaseInfo } from '@holdfast/release'
import { CID } from 'multiformats/cid'
import { create as digestOf } from 'multiformats/hashes/digest'

const DAG_PB = 0x70
const SHA2_256 = 0x12
const DIGEST_BYTES = 32
/** Blocks of each simulated release, and how many of them change from one to the next. */
const BLOCKS = 12
const CHANGED_BLOCKS = 3

/**
 * @param version from 1 on
 * @param branch two releases of one version and another branch are a fork
 * @returns a release that looks as if it had been verified; equal arguments give equal releases
 */
export function simulatedRelease(address: string, version: number, branch = 0): ReleaseInfo {
  return {
    address,
    version,
    cid: cidOf(`${address} ${version} ${branch}`),
    message: `Release ${version}`,
    published: '2026-03-01T12:00:00Z',
    size: BLOCKS * 1000,
    files: BLOCKS,
    manifest: cidOf(`manifest of ${address} ${version} ${branch}`),
    previous: version === 1 ? null : `${version - 1}`.padStart(64, '0'),
    targetsHash: `${version}`.padStart(64, '0'),
    signers: ['alice'],
    name: 'Simulated archive',
    expires: '2026-06-01T12:00:00Z',
  }
}

const knownBlocks = new WeakMap<ReleaseInfo, readonly string[]>()

/** @returns the names of all blocks of a release; most are those of the release before it */
export function blocksOf(release: ReleaseInfo): readonly string[] {
  const known = knownBlocks.get(release) ?? namesOf(release)
  knownBlocks.set(release, known)
  return known
}

function namesOf({ address, version, cid }: ReleaseInfo): string[] {
  // Each place changes every fourth version, so neighbours share three quarters.
  const period = BLOCKS / CHANGED_BLOCKS
  const names = Array.from({ length: BLOCKS }, (_, place) => {
    return `${address} block ${place} since ${Math.floor((version + place) / period)}`
  })
  return [...names, `root ${cid.toString()}`]
}

/** Not a cryptographic hash, but other bytes for other texts. */
function cidOf(text: string): CID {
  const words = Array.from({ length: DIGEST_BYTES / 4 }, (_, word) => fnv1a(`${word} ${text}`))
  const digest = new Uint8Array(new Uint32Array(words).buffer)
  return CID.createV1(DAG_PB, digestOf(SHA2_256, digest))
}

function fnv1a(text: string): number {
  let mixed = 0x811c9dc5
  for (const char of text) mixed = Math.imul(mixed ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return mixed
}

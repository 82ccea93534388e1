/** From the address to the newest root, one signed step after the other (TUF 5.3). */
import { equals } from 'multiformats/bytes'
import { addressOf, type Address } from './address.ts'
import { archiveNameOf, requireArchive } from './archive-root.ts'
import { MAX_ROOT_PADDING_BYTES } from './limits.ts'
import { parseRoot, type Root, type SignedFile } from './metadata.ts'
import { Refusal } from './refusal.ts'
import { verifyFirstRoot, verifyNextRoot } from './verify.ts'

export interface TrustedRoots {
  /** All versions from 1, verbatim. */
  readonly files: readonly Uint8Array[]
  readonly newest: SignedFile<Root>
}

export interface RootChain extends TrustedRoots {
  /** Whether there are more than were trusted before. */
  readonly grew: boolean
}

/**
 * @param trusted roots verified before; null when nothing but the address is known
 * @param offered roots in ascending order, from any version on; those already trusted are passed over
 * @returns the chain with the new roots at its end
 * @throws Refusal, among them 'roots-missing' with the first version lacking, 'wrong-archive', and 'fork' for another
 *   root that the same maintainers signed under a version we hold
 */
export async function extendRootChain(
  address: Address,
  trusted: TrustedRoots | null,
  offered: readonly Uint8Array[],
): Promise<RootChain> {
  const files = [...(trusted?.files ?? [])]
  const countBefore = files.length
  let newest = trusted?.newest ?? null
  for (const bytes of offered) {
    if (files.some((known) => equals(known, bytes))) continue
    if (newest === null) {
      newest = await beginChain(address, bytes)
      files.push(bytes)
      continue
    }
    const { version } = parseRoot(bytes).signed
    if (version <= files.length) {
      await refuseOtherRoot(address, files, version, bytes)
      continue
    }
    if (version > files.length + 1) throw missing(files.length + 1)
    newest = await verifyNextRoot(newest.signed, bytes)
    requireArchive(newest.signed, address, 'root')
    archiveNameOf(newest.signed)
    limitPadding(newest)
    files.push(bytes)
  }
  if (newest === null) throw missing(1)
  return { files, newest, grew: files.length > countBefore }
}

async function beginChain(address: Address, bytes: Uint8Array): Promise<SignedFile<Root>> {
  if ((await addressOf(bytes)) !== address) {
    // Either the beginning of another archive, or a later root whose predecessors did not fit.
    if (parseRoot(bytes).signed.version > 1) throw missing(1)
    throw new Refusal('wrong-archive', 'the first root is not the one that the address names')
  }
  const first = await verifyFirstRoot(bytes)
  if (first.signed.version !== 1) throw new Refusal('bad-format', 'the first root has not version 1')
  archiveNameOf(first.signed)
  return first
}

/** A root under a version that we hold, but not the one that we hold. */
async function refuseOtherRoot(
  address: Address,
  files: readonly Uint8Array[],
  version: number,
  bytes: Uint8Array,
): Promise<void> {
  // Metadata of another archive: its first root shares nothing with ours.
  if (version === 1) throw new Refusal('wrong-archive', 'the first root is not the one that the address names')
  const before = parseRoot(files[version - 2] as Uint8Array)
  const other = await verifyNextRoot(before.signed, bytes)
  requireArchive(other.signed, address, 'root')
  const held = parseRoot(files[version - 1] as Uint8Array)
  // The same statement with other signatures or blanks around it is no fork; we keep our copy.
  if (equals(held.signedBytes, other.signedBytes)) return
  throw new Refusal('fork', `two different roots are signed as version ${version}`)
}

/** Endless data: nothing pins the bytes of a later root, so a mirror could blow it up for all who come after. */
function limitPadding(root: SignedFile<Root>): void {
  if (root.bytes.length > 2 * root.signedBytes.length + MAX_ROOT_PADDING_BYTES) {
    throw new Refusal('too-large', 'the root carries more unsigned bytes than signatures need')
  }
}

function missing(version: number): Refusal {
  return new Refusal('roots-missing', `root version ${version} is needed first`, version)
}

/** What our profile adds to root metadata: the archive's name, and maintainers with ed25519 keys. */
import { MAX_NAME_CHARS } from './limits.ts'
import type { Address } from './address.ts'
import type { Root, Signed } from './metadata.ts'
import { Refusal } from './refusal.ts'
import { isPlainText, member, objectAt, stringAt, type JsonObject } from './shapes.ts'

/** Our own fields stand under one name: TUF clients keep fields that they do not know (TUF 4.1). */
export const OUR_FIELDS = 'holdfast'

/**
 * @param address null in the first root, whose hash it is
 * @returns the fields to put into a root for an archive of this name
 */
export function archiveNameField(name: string, address: Address | null): JsonObject {
  return { [OUR_FIELDS]: { name, ...(address === null ? {} : { archive: address }) } }
}

/** @returns the field to put into targets: without it, the same maintainers' release of another archive would fit this one */
export function archiveField(address: Address): JsonObject {
  return { [OUR_FIELDS]: { archive: address } }
}

/** @throws Refusal 'wrong-archive' when a later root, or targets, were not signed for this archive */
export function requireArchive(signed: Signed, address: Address, what: string): void {
  // Metadata of another archive: maintainers may use one key for several, so a signature alone does not say for which.
  const ours = member(signed.raw, OUR_FIELDS)
  if (ours === undefined || member(objectAt(ours, OUR_FIELDS), 'archive') !== address) {
    throw new Refusal('wrong-archive', `${what} version ${signed.version} was not signed for this archive`)
  }
}

/** @throws Refusal 'bad-format' when the root names no archive, or in a way that cannot be shown to people */
export function archiveNameOf(root: Root): string {
  const name = stringAt(member(objectAt(member(root.raw, OUR_FIELDS), `root.${OUR_FIELDS}`), 'name'), 'the name')
  if (!isArchiveName(name)) throw new Refusal('bad-format', 'the name is empty, too long, or holds control characters')
  return name
}

/** Whether an archive can be called this: 1 to MAX_NAME_CHARS characters that can be shown, not only blanks. */
export function isArchiveName(name: string): boolean {
  return name.trim() !== '' && Array.from(name).length <= MAX_NAME_CHARS && isPlainText(name)
}

/** @returns the public keys that may sign timestamps and no release; with our roots one at most */
export function heartbeatsOf(root: Root): string[] {
  const { publicKeys } = maintainersOf(root)
  const keys = (root.roles.get('timestamp')?.keyIds ?? []).map((keyId) => root.keys.get(keyId)?.text)
  return keys.filter((key) => key !== undefined).filter((key) => !publicKeys.includes(key))
}

/** @returns the public keys of those who sign releases, as the root lists them */
export function maintainersOf(root: Root): { publicKeys: string[]; threshold: number } {
  const role = root.roles.get('targets')
  const keys = (role?.keyIds ?? []).map((keyId) => root.keys.get(keyId)).filter((key) => key !== undefined)
  return { publicKeys: [...new Set(keys.map((key) => key.text))], threshold: role?.threshold ?? 0 }
}

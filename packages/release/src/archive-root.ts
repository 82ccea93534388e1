/** What our profile adds to root metadata: the archive's name, and maintainers with ed25519 keys. */
import { MAX_NAME_CHARS } from './limits.ts'
import type { Root } from './metadata.ts'
import { Refusal } from './refusal.ts'
import { isPlainText, member, objectAt, stringAt, type JsonObject } from './shapes.ts'

/** Our own fields stand under one name: TUF clients keep fields that they do not know (TUF 4.1). */
export const OUR_FIELDS = 'holdfast'

/** @returns the fields to put into a root for an archive of this name */
export function archiveNameField(name: string): JsonObject {
  return { [OUR_FIELDS]: { name } }
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

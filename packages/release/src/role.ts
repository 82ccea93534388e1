/** Who may sign for a role, and how many must (TUF 4.3, "ROLE"). */
import { MAX_KEYS } from './limits.ts'
import { Refusal } from './refusal.ts'
import { arrayAt, integerAt, member, stringAt, type JsonObject } from './shapes.ts'

export interface Role {
  readonly keyIds: readonly string[]
  readonly threshold: number
}

/** @throws Refusal 'bad-format' or 'too-large' */
export function parseRole(object: JsonObject, name: string): Role {
  const keyIds = arrayAt(member(object, 'keyids'), `${name}.keyids`).map((id) => stringAt(id, `${name}.keyids`))
  // Endless data (TUF 4.3 sets no bound), and duplicate key ids: one voter who would count twice (TUF 4.3).
  if (keyIds.length > MAX_KEYS) throw new Refusal('too-large', `more than ${MAX_KEYS} keys for ${name}`)
  if (new Set(keyIds).size !== keyIds.length) throw new Refusal('bad-format', `${name}.keyids names a key twice`)
  return { keyIds, threshold: integerAt(member(object, 'threshold'), `${name}.threshold`, 1) }
}

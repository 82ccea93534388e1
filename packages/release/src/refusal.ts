/** Why metadata that somebody sent is refused: one code per attack that trust.md lists. */
export type VerdictCode =
  | 'bad-format' // not the JSON, CBOR or shape that the specification describes
  | 'bad-signature' // the role's keys did not sign these bytes
  | 'threshold' // too few distinct keys signed
  | 'revoked-key' // fully signed, but by keys that a later root took away
  | 'duplicate-signature' // one key id twice among the signatures
  | 'rollback-root'
  | 'rollback-timestamp'
  | 'rollback-snapshot'
  | 'rollback-targets'
  | 'mix-and-match' // roles that were never published together
  | 'wrong-archive' // another archive's first root
  | 'fork' // two fully signed statements under one version
  | 'roots-missing' // the chain of roots has a gap; ask for the missing ones
  | 'too-large'
  | 'too-many-roots'
  | 'bad-release' // signed, but no well-formed `archive` target inside
  | 'expired' // only when asked to be strict

/** Thrown inside this package to end a verification early; the exported functions turn it into a verdict. */
export class Refusal extends Error {
  readonly code: VerdictCode
  /** With 'roots-missing': the first root version that is lacking. */
  readonly firstMissingRoot: number | undefined

  constructor(code: VerdictCode, reason: string, firstMissingRoot?: number) {
    super(reason)
    this.name = 'Refusal'
    this.code = code
    this.firstMissingRoot = firstMissingRoot
  }
}

/**
 * @returns the refusal that was thrown
 * @throws the error itself when it is anything else: a mistake of ours must not pass for a peer's
 */
export function refusalFrom(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  throw error
}

/** Whether enough of the right keys signed a file (TUF 4.3, 5.3.4). */
import { identifySigner } from './keys.ts'
import type { Delegator, Signed, SignedFile } from './metadata.ts'
import { Refusal } from './refusal.ts'

/**
 * @param delegator whoever names the keys of the role
 * @param roleName the role that must have signed
 * @returns the public keys whose signatures counted, as the metadata spells them, in the order of the role's key ids
 * @throws Refusal 'threshold' when too few distinct keys signed, 'bad-signature' when one of the role's signatures is wrong besides
 */
export async function requireThreshold(
  file: SignedFile<Signed>,
  delegator: Delegator,
  roleName: string,
): Promise<string[]> {
  const role = delegator.roles.get(roleName)
  if (role === undefined) throw new Refusal('bad-format', `nobody is named to sign ${roleName}`)
  const byKeyId = new Map(file.signatures.map((entry) => [entry.keyId, entry.signature]))
  const checks = role.keyIds.map(async (keyId) => {
    const key = delegator.keys.get(keyId)
    const signature = byKeyId.get(keyId)
    if (key === undefined || signature === undefined) return null
    return { key, identity: await identifySigner(key, signature, file.signedBytes) }
  })
  const results = (await Promise.all(checks)).filter((result) => result !== null)
  // One public key under two key ids is one voter: the identity counts, not the id.
  const counted = new Map<string, string>()
  for (const { key, identity } of results) if (identity !== null) counted.set(identity, key.text)
  if (counted.size >= role.threshold) return [...counted.values()]
  const reason = `${roleName} version ${file.signed.version}: ${counted.size} of ${role.threshold} signatures`
  // Arbitrary content: somebody else's text under a maintainer's key id. A mere lack of signatures is told apart.
  throw new Refusal(results.every((result) => result.identity !== null) ? 'threshold' : 'bad-signature', reason)
}

/**
 * Where packages/release and tuf-js 5 judge differently, and why: docs/decisions/010-tuf-differences.md says more, and
 * packages/release/test/vectors pins each. A disagreement that none of these explains is a mistake in one of the two.
 */
import type { Statement } from './forgery.ts'
import type { StockClient, TufCase, TufJudgement } from './tuf-judges.ts'

export interface Disagreement {
  given: TufCase
  ours: TufJudgement
  theirs: TufJudgement
}

/** A disagreement, and what either client had in hands, as far as it is JSON. */
export interface Seen extends Disagreement {
  files: Statement[]
}

export interface Difference {
  readonly name: string
  readonly explains: (it: Seen) => boolean
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
const SPEC_VERSION = /^1\.\d+(?:\.\d+)?$/
const HEX_PAIRS = /^(?:[0-9a-fA-F]{2})+$/
const SCHEMES = /^(?:ed25519|ecdsa-sha2-nistp(?:256|384)|rsassa-pss-sha256)$/
const COUNTS = new Set(['version', 'length', 'threshold'])
const UNSIGNED = /^(?:threshold|bad-signature|revoked-key): /

/** Ours refuses what tuf-js takes: our reason, and what must be found in one of the files. */
const OURS_IS_STRICTER: readonly Difference[] = [
  oursRefuses('date-form', /expires is not a (?:date|string)/, ({ signed }) => !isDate(signed?.expires)),
  oursRefuses('spec-version', /spec_version is not/, ({ signed }) => !SPEC_VERSION.test(String(signed?.spec_version))),
  oursRefuses('whole-numbers', /is not an integer of at least|a number is not a safe integer/, ({ signed }) =>
    anyMember(signed, (key, value) => typeof value === 'number' && !isCount(value, COUNTS.has(key) ? 1 : -Infinity)),
  ),
  oursRefuses('one-voter-twice', UNSIGNED, votesTwice),
  oursRefuses('signature-hex', UNSIGNED, ({ signatures }) =>
    [signatures].flat().some((one: Statement) => !HEX_PAIRS.test(one?.sig)),
  ),
  oursRefuses('other-scheme', UNSIGNED, ({ signed }) =>
    anyMember(signed, (key, value) => key === 'scheme' && !SCHEMES.test(value)),
  ),
  oursRefuses('no-hash', /hashes is empty/, ({ signed }) =>
    anyMember(signed, (key, value) => key === 'hashes' && Object.keys(value ?? {}).length === 0),
  ),
  oursRefuses('unknown-hash', /an unknown kind of hash/, ({ signed }) => anyMember(signed, (key) => key === 'sha1')),
  oursRefuses('half-surrogate', /half a surrogate pair/, () => true),
  oursRefuses('not-utf8', /not JSON: The encoded data was not valid/, () => true),
  oursRefuses('no-meta', /\.meta is not an object/, ({ signed }) => signed?.meta === undefined),
  oursRefuses('no-targets', /targets\.targets is not an object/, ({ signed }) => signed?.targets === undefined),
  oursRefuses('key-without-key', /keyval\.public is not a string/, ({ signed }) =>
    anyMember(signed, (key, value) => key === 'keyval' && typeof value?.public !== 'string'),
  ),
  oursRefuses('role-without-paths', /needs either paths or path_hash_prefixes/, () => true),
  oursRefuses('role-named-twice', /a role is delegated to twice/, () => true),
  oursRefuses('custom-data', /a target\.custom is not an object/, () => true),
  oursRefuses(
    'succinct-roles',
    /delegations\.roles is not an array/,
    ({ signed }) => signed?.delegations?.roles === undefined,
  ),
  oursRefuses('no-role-name', /has no name of its own/, () => true),
  oursRefuses('prefix-hex', /path_hash_prefixes is not lower-case hex/, () => true),
]

/** tuf-js stops where the specification goes on: its complaint, and what must be found. */
const THEIRS_STOPS: readonly Difference[] = [
  theirsRefuses('p384', /was signed by|Unable to load/, ({ signed }) =>
    anyMember(signed, (key, value) => key === 'scheme' && value === 'ecdsa-sha2-nistp384'),
  ),
  { name: 'timestamp-lists-more', explains: timestampListsMore },
  theirsRefuses(
    'unknown-fields',
    /roles must be an object|keyids must be an array|keyval must be a string record/,
    () => true,
  ),
  theirsRefuses(
    'no-consistent-snapshot',
    /consistent_snapshot must be a boolean/,
    ({ signed }) => signed?.roles !== undefined && signed.consistent_snapshot === undefined,
  ),
]

/** @param more asked first @returns the name of what explains a disagreement; null when nothing does */
export function explainer(stock: StockClient, more: readonly Difference[] = []): (it: Disagreement) => string | null {
  const known: Difference[] = [
    ...more,
    { name: 'rotation-drops', explains: rotationDropsAlone },
    {
      name: 'inherited-names',
      explains: ({ given: { path }, theirs }) => path !== null && path in {} && theirs.target === '{}',
    },
    ...OURS_IS_STRICTER,
    ...THEIRS_STOPS,
    { name: 'rotation-drops', explains: rotationDrops },
    { name: 'snapshot-kept', explains: snapshotKept },
    { name: 'cache-names', explains: cacheMissed },
    {
      name: 'path-patterns',
      explains: ({ given: { path }, ours, theirs, files }) =>
        path !== null &&
        ours.outcome !== 'refused' &&
        theirs.outcome !== 'refused' &&
        files.some((file) => rolesOf(file).some((role) => stock.readsOtherwise(role, path))),
    },
  ]
  return (it) => known.find((one) => one.explains({ ...it, files: filesSeen(it) }))?.name ?? null
}

/** @returns whether two judgements are the same in all that a user would notice */
export function isSameJudgement(ours: TufJudgement, theirs: TufJudgement): boolean {
  if (ours.outcome !== theirs.outcome || ours.target !== theirs.target) return false
  const roles = new Set([...ours.trusted.keys(), ...theirs.trusted.keys()])
  return [...roles].every((role) => isSameFile(ours.trusted.get(role), theirs.trusted.get(role)))
}

function isSameFile(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one === undefined || other === undefined ? one === other : Buffer.compare(one, other) === 0
}

function filesSeen({ given, ours, theirs }: Disagreement): Statement[] {
  const names = new Set([...ours.asked, ...theirs.asked])
  return [...given.trusted.values(), ...[...names].map((name) => given.served.get(name))].flatMap(parsed)
}

function parsed(bytes: Uint8Array | undefined): Statement[] {
  try {
    const file: unknown = JSON.parse(Buffer.from(bytes ?? []).toString())
    return typeof file === 'object' && file !== null ? [file] : []
  } catch {
    return [] // Not JSON: nothing to be seen in it.
  }
}

function oursRefuses(name: string, reason: RegExp, found: (file: Statement) => boolean): Difference {
  return { name, explains: ({ ours, files }) => ours.outcome !== 'ok' && reason.test(ours.reason) && files.some(found) }
}

function theirsRefuses(name: string, reason: RegExp, found: (file: Statement) => boolean): Difference {
  return {
    name,
    explains: ({ theirs, files }) => theirs.outcome !== 'ok' && reason.test(theirs.reason) && files.some(found),
  }
}

/** TUF 5.3.11: we forget timestamp and snapshot when their keys change, tuf-js when the new keys did not sign them. */
function rotationDrops({ given, ours, theirs }: Seen): boolean {
  const held = given.trusted.get('timestamp') ?? given.trusted.get('snapshot')
  if (held === undefined || isSameFile(given.trusted.get('root'), ours.trusted.get('root'))) return false
  const keeps = ['timestamp', 'snapshot'].some((role) => {
    const before = given.trusted.get(role)
    return (
      before !== undefined &&
      !isSameFile(ours.trusted.get(role), before) &&
      isSameFile(theirs.trusted.get(role), before)
    )
  })
  return keeps || /is less than current version|Missing file/.test(theirs.reason)
}

/** What tuf-js kept after a rotation is all that differs. */
function rotationDropsAlone({ given, ours, theirs }: Seen): boolean {
  if (isSameFile(given.trusted.get('root'), ours.trusted.get('root'))) return false
  const trusted = new Map(theirs.trusted)
  for (const role of ['timestamp', 'snapshot']) {
    if (!ours.trusted.has(role) && isSameFile(trusted.get(role), given.trusted.get(role))) trusted.delete(role)
  }
  return isSameJudgement(ours, { ...theirs, trusted })
}

/** tuf-js checks signatures over what it would write itself, and that has no place for further files. */
function timestampListsMore({ given, ours, theirs, files }: Seen): boolean {
  const listsMore = ({ signed }: Statement): boolean =>
    Object.keys(signed?.meta ?? {}).length > 1 && 'snapshot.json' in signed.meta
  const held = parsed(given.trusted.get('timestamp')).some(listsMore)
  if (theirs.reason.includes('timestamp was signed by')) return files.some(listsMore)
  return held && !(ours.outcome === 'ok' && theirs.outcome !== 'ok')
}

/** tuf-js writes `a%2Frole.json` and looks for `a/role.json`, so such a role is fetched each time, and perhaps not there. */
function cacheMissed({ given, ours, theirs }: Seen): boolean {
  return theirs.asked.some((name) => {
    const role = name.replace(/^\d+\./, '').replace(/\.json$/, '')
    return role.includes('%') && given.trusted.has(role) && !ours.asked.includes(name)
  })
}

/** A timestamp that names a snapshot of the held version but of another hash: tuf-js goes on with the held one. */
function snapshotKept({ given, ours, theirs }: Seen): boolean {
  const held = given.trusted.get('snapshot')
  const asks = (one: TufJudgement): boolean => one.asked.some((name) => name.endsWith('snapshot.json'))
  return held !== undefined && isSameFile(theirs.trusted.get('snapshot'), held) && asks(ours) && !asks(theirs)
}

function rolesOf(file: Statement): Statement[] {
  const roles = file.signed?.delegations?.roles
  return Array.isArray(roles) ? roles : []
}

function votesTwice({ signed }: Statement): boolean {
  const by = signed?.delegations ?? signed
  return Object.values(by?.roles ?? {}).some((role: Statement) => {
    const texts = [role?.keyids].flat().map((id) => String(by.keys?.[id]?.keyval?.public ?? id).toLowerCase())
    return new Set(texts).size < texts.length
  })
}

function isDate(text: Statement): boolean {
  return RFC3339.test(String(text)) && new Date(text).toISOString().slice(0, 19) === text.slice(0, 19)
}

function isCount(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least
}

function anyMember(value: Statement, test: (key: string, value: Statement) => boolean): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, member]) => test(key, member) || anyMember(member, test))
}

/** Made apart from the one under test: by regular expressions. */
export function matchesAsInShell(pattern: string, path: string): boolean {
  const source = pattern.replace(/\[!?\]?[^\]]*\]|[^]/gu, (part) => {
    if (part === '*') return '[^/]*'
    if (part === '?') return '[^/]'
    if (part.length < 3 || !part.startsWith('[')) return part.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
    const inverted = part[1] === '!'
    const body = part.slice(inverted ? 2 : 1, -1).replace(/[\\[\]^]/g, String.raw`\$&`)
    return inverted ? `[^/${body}]` : `[${body}]`
  })
  return new RegExp(`^${source}$`, 'u').test(path)
}

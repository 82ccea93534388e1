import { statSync } from 'node:fs'
import { resolvePath, type BlockReader } from '@holdfast/dag'
import type { Freshness, ReleaseInfo } from '@holdfast/release'
import type { CID } from 'multiformats/cid'
import type { Command, CommandContext } from '../command.ts'
import { FLAG_ALLOW_PRIVATE, FLAG_FROM, FLAG_STRICT } from '../flags.ts'
import { CommandError, EXIT, type ExitCode } from '../failure.ts'
import type { Output, Result } from '../output.ts'
import { Evidence, type Proof } from '../reading/evidence.ts'
import { judgeHanded } from '../reading/handed-announcement.ts'
import { nameDifferences, readHandedFolder, type Problem } from '../reading/handed-folder.ts'
import { isCarFile, readHandedBundle } from '../reading/handed-bundle.ts'
import { readMetadataFile } from '../reading/metadata-file.ts'
import { parseWhat, type What } from '../reading/what.ts'
import { usageError, type Settings } from '../settings.ts'

export const command: Command = {
  name: 'verify',
  summary: 'check a folder, a bundle or an announcement that somebody handed over, offline if need be',
  usage: 'DIR|BUNDLE|FILE [WHAT]',
  positionals: [1, 2],
  flags: [
    {
      name: 'metadata',
      type: 'string',
      value: 'FILE',
      help: 'an announcement to prove it by, as mirrors answer under /archives/<address>/announcement',
    },
    { name: 'release', type: 'string', value: 'N', help: 'that release instead of the newest' },
    { name: 'hidden', type: 'boolean', help: 'the folder was published with --hidden' },
    FLAG_FROM,
    FLAG_STRICT,
    FLAG_ALLOW_PRIVATE,
  ],
  async run(context) {
    const { args, settings } = context
    const [handed = '', text] = args
    const version = settings.number('release', 1)
    const evidence = await Evidence.open(context)
    try {
      const what = text === undefined ? await whatIsFollowed(evidence) : parseWhat(text)
      if (isFolder(handed)) return await verifyFolder(handed, what, version, evidence, context)
      if (isCarFile(handed)) return await verifyBundle(handed, what, evidence, context)
      return await verifyAnnouncementFile(handed, what, evidence, context)
    } finally {
      await evidence.close()
    }
  },
}

/** What a folder is held against. */
interface Expected {
  root: CID
  proof: Proof | null
  release: ReleaseInfo | null
}

async function verifyFolder(
  folder: string,
  what: What,
  version: number | undefined,
  evidence: Evidence,
  { settings, out, signal }: CommandContext,
): Promise<ExitCode | undefined> {
  const expected = await expectedOf(what, version, evidence, settings.text('metadata'))
  const read = await readHandedFolder(folder, settings.isSet('hidden'), signal)
  const reader = evidence.reader(read.tree)
  const cid = await below(expected.root, what.path, reader)
  const problems = [...read.problems]
  const notes = [...evidence.notes, ...read.notes]
  if (read.cid !== null && !read.cid.equals(cid)) {
    const differences = await nameDifferences(cid, read.cid, reader)
    problems.push(...differences.problems)
    notes.push(...differences.notes, ...(await explain(what, version, expected, read.cid, evidence)))
  }
  const { release, proof } = expected
  const ok = problems.length === 0
  const proven = release !== null && { address: release.address, release: release.version }
  const found = read.cid?.toString()
  conclude(
    out,
    {
      ok,
      ...proven,
      cid: cid.toString(),
      found,
      problems,
      ...(proof !== null && { freshness: proof.freshness }),
      notes,
    },
    ok ? `${folder} is ${describe(release, cid)}, every byte of it.` : `${folder} is NOT ${describe(release, cid)}.`,
  )
  return ok ? exitOf(proof?.freshness, settings) : EXIT.unverified
}

/** By the letter of TUF an expired timestamp is a failure (5.4.4); what is there was shown all the same. */
function exitOf(freshness: Freshness | undefined, settings: Settings): ExitCode | undefined {
  return settings.isSet('strict') && freshness !== undefined && freshness !== 'fresh' ? EXIT.stale : undefined
}

async function expectedOf(
  what: What,
  version: number | undefined,
  evidence: Evidence,
  metadataFile: string | undefined,
): Promise<Expected> {
  if (what.kind === 'cid') {
    if (version !== undefined || metadataFile !== undefined)
      throw usageError('A bare CID has no releases and no metadata.', 'Give a link or an address instead.')
    return { root: what.cid, proof: null, release: null }
  }
  const proof = await evidence.prove(what, metadataFile === undefined ? null : readMetadataFile(metadataFile))
  const release = await evidence.release(proof, version ?? proof.newest.version)
  return { root: release.cid, proof, release }
}

/** @throws CommandError 'not-found' (3) */
async function below(root: CID, path: string, reader: BlockReader): Promise<CID> {
  const node = path === '' ? { cid: root } : await resolvePath(root, path, reader)
  if (node !== null) return node.cid
  throw new CommandError(
    EXIT.notFound,
    'not-found',
    `There is no "${path}" in it.`,
    'Leave the path out, or correct it.',
  )
}

/** Why an honest folder may not be what was expected. */
async function explain(
  what: What,
  version: number | undefined,
  { proof }: Expected,
  found: CID,
  evidence: Evidence,
): Promise<string[]> {
  if (what.kind === 'cid') return ['A folder that other programs added with other settings has another CID']
  if (proof === null || what.path !== '') return []
  const { newest } = proof
  const kept = version === undefined || !newest.cid.equals(found) ? evidence.keptReleases(proof) : [newest]
  for await (const { cid, version: other, published } of kept) {
    if (cid.equals(found)) return [`It is release ${other}, signed by the maintainers on ${published.slice(0, 10)}`]
  }
  return []
}

async function verifyBundle(
  file: string,
  what: What,
  evidence: Evidence,
  { out, now, settings }: CommandContext,
): Promise<ExitCode | undefined> {
  if (what.kind === 'cid')
    throw usageError('A bundle is checked against an archive.', 'Give the link or the address of the archive.')
  const { address } = what
  const held = await evidence.held(address)
  const { judged, cid, path, problems } = await readHandedBundle(file, held, evidence.homeBlocks(), now())
  const { notes } = judged
  if (!judged.ok || judged.kind !== 'release' || cid === null || problems.length > 0) {
    conclude(out, { ok: false, address, problems, notes }, `${file} is NOT what it should be.`)
    return EXIT.unverified
  }
  const { release, freshness } = judged
  const { version, signers, message, published } = release
  const part = path === '' ? '' : `"${path}" of `
  conclude(
    out,
    {
      ok: true,
      address,
      release: version,
      cid: cid.toString(),
      path,
      message,
      published,
      signers,
      problems,
      freshness,
      notes,
    },
    `${file} is ${part}${describe(release, cid)}, every byte of it, signed by ${signers.join(', ')}.`,
  )
  return exitOf(freshness, settings)
}

async function verifyAnnouncementFile(
  file: string,
  what: What,
  evidence: Evidence,
  { out, now, settings }: CommandContext,
): Promise<ExitCode | undefined> {
  if (what.kind === 'cid')
    throw usageError('Signed metadata cannot be checked against a CID.', 'Give the link or the address of the archive.')
  const { address } = what
  const judged = await judgeHanded(readMetadataFile(file), await evidence.held(address), now())
  const { notes } = judged
  if (!judged.ok) {
    const problems = [{ path: file, problem: judged.problem }]
    conclude(out, { ok: false, address, problems, notes }, `${file} proves nothing about ${address}.`)
    return EXIT.unverified
  }
  if (judged.kind === 'fork') {
    const { version, cids } = judged
    const result = { ok: true, address, release: version, fork: cids, problems: [], notes }
    conclude(out, result, `${file} proves that the archive ${address} has a fork at release ${version}.`)
    return undefined
  }
  const { release, freshness } = judged
  const { version, cid, signers, message, published } = release
  conclude(
    out,
    {
      ok: true,
      address,
      release: version,
      cid: cid.toString(),
      message,
      published,
      signers,
      problems: [],
      freshness,
      notes,
    },
    `${file} proves ${describe(release, cid)}, signed by ${signers.join(', ')}.`,
  )
  return exitOf(freshness, settings)
}

/** With --json the remarks are in the result; for people they stand on stderr. */
function conclude(out: Output, result: Result & { problems: Problem[]; notes: string[] }, verdict: string): void {
  if (!out.json) for (const note of result.notes) out.note(`${note}.`)
  out.result(result, [verdict, ...result.problems.map(({ path, problem }) => `  ${path} ${problem}`)])
}

function describe(release: ReleaseInfo | null, cid: CID): string {
  return release === null
    ? `${cid}`
    : `release ${release.version} of "${release.name}" (${release.published.slice(0, 10)})`
}

async function whatIsFollowed(evidence: Evidence): Promise<What> {
  const address = await evidence.onlyArchive()
  if (address !== null) return { kind: 'archive', address, path: '', hints: [], claimedName: null }
  throw usageError('Against what shall it be checked?', 'Give a link, an address or a CID after it.')
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

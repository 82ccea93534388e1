import { createWriteStream, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { announcementOf, openPastRelease, type ReleaseInfo, type TrustedState } from '@holdfast/release'
import type { CID } from 'multiformats/cid'
import { writeBundle, writePlainCar } from '../bundles/write-bundle.ts'
import type { Command, CommandContext } from '../command.ts'
import { CommandError, EXIT } from '../failure.ts'
import { formatBytes } from '../figures.ts'
import { FLAG_ALLOW_PRIVATE, FLAG_FROM, FLAG_STRICT } from '../flags.ts'
import { showProgress } from '../reading/fetch-progress.ts'
import { requireFree } from '../reading/output-folder.ts'
import { Reading } from '../reading/reading.ts'
import { usageError } from '../settings.ts'
import { UNFINISHED_SUFFIX } from '../store/atomic-file.ts'
import { BlockStore } from '../store/block-store.ts'

export const command: Command = {
  name: 'export',
  summary: 'write a release, or a part of it, with its signatures into one file to hand on',
  usage: 'WHAT[/path] FILE.car',
  positionals: [2, 2],
  flags: [
    { name: 'since', type: 'string', value: 'N', help: 'leave out what release N holds: for somebody who has that' },
    {
      name: 'via',
      type: 'string',
      multiple: true,
      value: 'HINT',
      help: 'a hint to put into it (repeatable; else none)',
    },
    FLAG_FROM,
    FLAG_STRICT,
    FLAG_ALLOW_PRIVATE,
  ],
  async run(context) {
    const { args, home, out, settings } = context
    const [what = '', file = ''] = args
    if (file.endsWith('.html')) throw usageError('A page that verifies itself cannot be written yet.', 'Give FILE.car.')
    requireFree(file)
    const since = settings.number('since', 1)
    const reading = await Reading.open(what, context)
    const partial = join(home.partial, reading.root.toString())
    const fetched = BlockStore.open(partial)
    try {
      const store = reading.layered(fetched)
      const node = await reading.resolve(store)
      const progress = showProgress(out, reading.release?.size ?? null, () => reading.waitingFor())
      await reading.fetch(node.cid, store, progress).finally(() => progress.stop())
      const reader = reading.reader(store)
      const { release } = reading
      const car =
        release === null
          ? writePlainCar(node.cid, reader)
          : writeBundle(await contentOf(reading, release, since, settings.list('via')), reader)
      const size = await writeFile(file, car, context)
      await fetched.close()
      rmSync(partial, { recursive: true, force: true })
      const proven = release !== null && { address: release.address, release: release.version }
      const whatIsIn = release === null ? `${node.cid}` : `release ${release.version} of "${release.name}"`
      out.result({ ...proven, cid: node.cid.toString(), file, size }, [`${file}: ${whatIsIn}, ${formatBytes(size)}.`])
      return undefined
    } finally {
      await fetched.close()
      await reading.close()
    }
  },
}

async function contentOf(
  reading: Reading,
  release: ReleaseInfo,
  since: number | undefined,
  hints: readonly string[],
): Promise<Parameters<typeof writeBundle>[0]> {
  const state = reading.state as TrustedState
  const without = since === undefined ? null : await rootOf(reading, state, since)
  const { path } = reading.what
  return {
    head: {
      address: release.address,
      announcement: announcementOf(state),
      path,
      since: since ?? 0,
      // The order in which they were typed says nothing.
      hints: [...new Set(hints)].toSorted(),
    },
    release,
    without,
  }
}

/** @throws CommandError 'not-found' */
async function rootOf(reading: Reading, state: TrustedState, version: number): Promise<CID> {
  const bytes = await reading.targets(version)
  const opened = bytes === null ? null : await openPastRelease(state, bytes)
  if (opened?.ok === true && opened.release.version === version) return opened.release.cid
  const message = `Release ${version} is not known, so nobody can say what it holds.`
  throw new CommandError(EXIT.notFound, 'not-found', message, 'See "holdfast log", or leave --since out.')
}

/** The file stands there whole or not at all. @returns its bytes */
async function writeFile(file: string, car: AsyncIterable<Uint8Array>, { signal }: CommandContext): Promise<number> {
  const unfinished = `${file}${UNFINISHED_SUFFIX}`
  let size = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of car) {
      size += chunk.byteLength
      yield chunk
    }
  }
  try {
    await pipeline(counted(), createWriteStream(unfinished, { flush: true }), { signal })
    renameSync(unfinished, file)
    return size
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  }
}

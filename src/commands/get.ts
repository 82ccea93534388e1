import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Command, CommandContext } from '../command.ts'
import { counted, formatBytes } from '../figures.ts'
import { requireFree, writeOutput } from '../reading/output-folder.ts'
import { showProgress } from '../reading/fetch-progress.ts'
import { forksField, Reading, READING_FLAGS } from '../reading/reading.ts'
import { BlockStore } from '../store/block-store.ts'

export const command: Command = {
  name: 'get',
  summary: 'fetch an archive, or a part of it, and check every byte',
  usage: 'WHAT[/path] [-o DIR]',
  positionals: [1, 1],
  flags: [
    {
      name: 'output',
      type: 'string',
      short: 'o',
      value: 'DIR',
      help: 'where it shall appear; else the name of the archive here',
    },
    ...READING_FLAGS,
  ],
  async run(context) {
    const { args, settings, home, out, signal } = context
    const began = performance.now()
    const wished = settings.text('output')
    if (wished !== undefined) requireFree(wished)
    const reading = await Reading.open(args[0] ?? '', context)
    // Blocks are kept under the root's name until all is written, so that the same command goes on where it was stopped.
    const partial = join(home.partial, reading.root.toString())
    const fetched = BlockStore.open(partial)
    try {
      const store = reading.layered(fetched)
      const node = await reading.resolve(store)
      const output = wished ?? defaultOutput(reading)
      if (wished === undefined) requireFree(output)
      say(context, reading)
      const progress = showProgress(out, node.type === 'file' ? node.size : (reading.release?.size ?? null), () =>
        reading.waitingFor(),
      )
      const { sources, bytes } = await reading.fetch(node.cid, store, progress).finally(() => progress.stop())
      const written = await writeOutput(node, store, output, signal, reading.release?.size)
      await fetched.close()
      rmSync(partial, { recursive: true, force: true })
      const seconds = Math.round(performance.now() - began) / 1000
      const { release, freshness, forks } = reading
      out.result(
        {
          ...(release !== null && {
            address: release.address,
            release: release.version,
            freshness,
            ...forksField(forks),
          }),
          cid: reading.root.toString(),
          files: written.files,
          size: written.size,
          fetchedBytes: bytes,
          sources,
          output,
          seconds,
        },
        [
          `${output}: ${counted(written.files, 'file')}, ${formatBytes(written.size)}, every byte checked, in ${seconds} s.`,
        ],
      )
      return undefined
    } finally {
      await fetched.close()
      await reading.close()
    }
  },
}

function say({ out }: CommandContext, { release, root }: Reading): void {
  if (release === null) out.note(`Fetching ${root}.`)
  else
    out.note(
      `Fetching release ${release.version} of "${release.name}" (${release.published.slice(0, 10)}): ${release.message}`,
    )
}

/** A name that stays in this folder, whatever an archive is called. */
function defaultOutput({ what, release, root }: Reading): string {
  const named =
    [what.path.split('/').at(-1), release?.name].find((name) => name !== undefined && name !== '') ?? root.toString()
  const safe = named
    .replaceAll(/[\p{Cc}\\/:*?"<>|]/gu, '_')
    .replace(/^\.+/, '')
    .trim()
  return Buffer.byteLength(safe) > 200 || safe === '' ? root.toString() : safe
}

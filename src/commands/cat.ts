import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readFile } from '@holdfast/dag'
import type { Command } from '../command.ts'
import { CommandError, EXIT } from '../failure.ts'
import { showProgress } from '../reading/fetch-progress.ts'
import { Reading, READING_FLAGS } from '../reading/reading.ts'
import { BlockStore } from '../store/block-store.ts'

export const command: Command = {
  name: 'cat',
  summary: 'print a file of an archive',
  usage: 'WHAT/path',
  positionals: [1, 1],
  flags: READING_FLAGS,
  async run(context) {
    const { args, home, out, signal } = context
    const reading = await Reading.open(args[0] ?? '', context)
    const partial = join(home.partial, `${reading.root}.cat-${process.pid}`)
    const fetched = BlockStore.open(partial)
    try {
      const store = reading.layered(fetched)
      const node = await reading.resolve(store)
      if (node.type !== 'file') {
        throw new CommandError(
          EXIT.notFound,
          'not-a-file',
          `"${reading.what.path}" is a ${node.type}.`,
          'List it with "holdfast ls".',
        )
      }
      // All of it first: whoever reads stdout shall not take half a file for a whole one.
      const progress = showProgress(out, node.size, () => reading.waitingFor())
      await reading.fetch(node.cid, store, progress).finally(() => progress.stop())
      if (out.json) {
        const { release, root } = reading
        const parts: Uint8Array[] = []
        for await (const chunk of readFile(node.cid, store)) parts.push(chunk)
        const text = Buffer.concat(parts).toString('utf8')
        out.result(
          {
            ...(release !== null && { address: release.address, release: release.version }),
            cid: root.toString(),
            path: reading.what.path,
            size: node.size,
            text,
          },
          [],
        )
        return undefined
      }
      for await (const chunk of readFile(node.cid, store)) {
        signal.throwIfAborted()
        await out.bytes(chunk)
      }
      return undefined
    } finally {
      await fetched.close()
      rmSync(partial, { recursive: true, force: true })
      await reading.close()
    }
  },
}

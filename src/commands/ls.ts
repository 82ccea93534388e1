import { listDirectory, type DirectoryEntry } from '@holdfast/dag'
import type { Command } from '../command.ts'
import { MemoryStore } from '../reading/layered-store.ts'
import { Reading, READING_FLAGS } from '../reading/reading.ts'

export const command: Command = {
  name: 'ls',
  summary: 'list what is in an archive or in a folder of it',
  usage: 'WHAT[/path]',
  positionals: [1, 1],
  flags: READING_FLAGS,
  async run(context) {
    const reading = await Reading.open(context.args[0] ?? '', context)
    try {
      const store = reading.layered(new MemoryStore())
      const node = await reading.resolve(store)
      const entries: DirectoryEntry[] = []
      if (node.type === 'directory') {
        for await (const entry of listDirectory(node.cid, reading.reader(store))) entries.push(entry)
      } else {
        entries.push({
          name: reading.what.path.split('/').at(-1) ?? '',
          cid: node.cid,
          type: node.type,
          size: node.size,
        })
      }
      const { release, freshness } = reading
      context.out.result(
        {
          ...(release !== null && { address: release.address, release: release.version, freshness }),
          cid: reading.root.toString(),
          entries: entries.map(({ name, cid, type, size }) => ({ name, cid: cid.toString(), type, size })),
        },
        entries.map(({ name, type, size }) =>
          type === 'directory' ? `${''.padStart(12)}  ${name}/` : `${String(size).padStart(12)}  ${name}`,
        ),
      )
      return undefined
    } finally {
      await reading.close()
    }
  },
}

/**
 * A process that is to be killed: node crashing-writer.ts FOLDER FIRST MODE
 *
 * `put` puts leaves FIRST, FIRST + 1, … and flushes now and then; `collect` besides pins ever new trees that share
 * leaves, unpins old ones and collects. It says on stdout what is durable: `flushed N` (all leaves below N), `pinned N`
 * (the tree of leaves N to N + 9), `unpinning N`; and `working` in between, so that a kill may come at any time.
 */
import { writeSync } from 'node:fs'
import { BlockStore } from '../../src/store/block-store.ts'
import { Retention } from '../../src/store/retention.ts'
import { leafBlock, treeOfTen } from '../store/written-blocks.ts'

const [, , folder = '', first = '0', mode = 'put'] = process.argv
const say = (line: string): void => void writeSync(1, `${line}\n`)
const store = BlockStore.open(folder, { packBytes: 40_000 })

if (mode === 'put') await putForEver(Number(first))
else await collectForEver(Number(first))

async function putForEver(from: number): Promise<never> {
  for (let i = from; ; i++) {
    const { cid, bytes } = leafBlock(i)
    await store.put(cid, bytes)
    if (i % 5 === 0) say('working')
    if (i % 23 !== 0) continue
    await store.flush()
    say(`flushed ${i + 1}`)
  }
}

async function collectForEver(from: number): Promise<never> {
  const retention = new Retention(store)
  for (let i = from; ; i += 5) {
    const { root, leaves } = treeOfTen(i)
    for (const { cid, bytes } of [...leaves, root]) await store.put(cid, bytes)
    // Owners sort by their text.
    await retention.pin(`tree/${String(i).padStart(8, '0')}`, [root.cid])
    say(`pinned ${i}`)
    for (const { owner } of retention.pins().slice(0, -3)) {
      say(`unpinning ${owner.slice('tree/'.length)}`)
      await retention.unpin(owner)
    }
    say('working')
    await retention.gc()
    say('working')
  }
}

/** A stock tuf-js as a judge: its own Updater and TrustedMetadataStore, with nothing changed but the doors to disk and network. */
import { createRequire } from 'node:module'
import { matchesAsInShell, type StockClient, type Statement, type TufCase, type TufJudgement } from '@holdfast/testkit'
import { BaseFetcher, Updater } from 'tuf-js'
import { DownloadHTTPError } from 'tuf-js/dist/error.js'

/** By this package of its own tuf-js reads metadata. */
const { Targets } = createRequire(createRequire(import.meta.url).resolve('tuf-js'))('@tufjs/models') as {
  Targets: {
    fromJSON: (signed: Statement) => { delegations: { rolesForTarget: (path: string) => Iterator<object, undefined> } }
  }
}

/** What is private in tuf-js, and set or replaced here. */
interface Doors {
  dir: Map<string, Buffer>
  trustedSet: { referenceTime: Date }
}

export const stockTufJs: StockClient = {
  async judge({ trusted, served, now, path }: TufCase): Promise<TufJudgement> {
    const store = new Map([...trusted].map(([role, bytes]) => [role, Buffer.from(bytes)]))
    const asked: string[] = []
    let outcome: TufJudgement['outcome'] = 'refused'
    const judged = (reason: string, target: string | null): TufJudgement => ({
      outcome,
      reason,
      trusted: store,
      asked,
      target,
    })
    try {
      const updater = new InMemory(store, new ServedFiles(served, asked), now)
      await updater.refresh()
      outcome = 'no-target'
      const found = path === null ? undefined : await updater.getTargetInfo(path)
      outcome = 'ok'
      return judged('', found ? JSON.stringify({ length: found.length, hashes: found.hashes }) : null)
    } catch (error) {
      return judged(error instanceof Error ? `${error.constructor.name}: ${error.message}` : String(error), null)
    }
  },

  readsOtherwise(role: Statement, path: string): boolean {
    const paths = [role?.paths].flat().filter((pattern) => typeof pattern === 'string')
    const named = { name: 'x', keyids: [], threshold: 1, terminating: false, paths }
    const delegations = { keys: {}, roles: [named] }
    const stock = Targets.fromJSON({ spec_version: '1.0.31', version: 1, expires: '', targets: {}, delegations })
    const { value } = stock.delegations.rolesForTarget(path).next()
    return (value !== undefined) !== paths.some((pattern) => matchesAsInShell(pattern, path))
  },
}

class ServedFiles extends BaseFetcher {
  readonly #served: ReadonlyMap<string, Uint8Array>
  readonly #asked: string[]

  constructor(served: ReadonlyMap<string, Uint8Array>, asked: string[]) {
    super()
    this.#served = served
    this.#asked = asked
  }

  override async downloadBytes(url: string, maxLength: number): Promise<Buffer> {
    const name = url.slice(url.lastIndexOf('/') + 1)
    this.#asked.push(name)
    const bytes = this.#served.get(name)
    if (bytes === undefined) throw new DownloadHTTPError('not found', 404)
    if (bytes.length > maxLength) throw new RangeError('longer than allowed')
    return Buffer.from(bytes)
  }

  override fetch(): Promise<never> {
    return Promise.reject(new Error('nothing but metadata is asked for'))
  }
}

/** The folder is a table; its names are those that tuf-js gives its files. */
class InMemory extends (Updater as unknown as new (
  options: object,
) => Pick<Updater, 'refresh' | 'getTargetInfo'> & Doors) {
  constructor(store: Map<string, Buffer>, fetcher: BaseFetcher, now: Date) {
    super({ metadataDir: store, metadataBaseUrl: 'http://tuf.example', fetcher })
    this.trustedSet.referenceTime = now
  }

  loadLocalMetadata(role: string): Buffer {
    const bytes = this.dir.get(role)
    if (bytes === undefined) throw new Error('no such file')
    return bytes
  }

  persistMetadata(role: string, bytes: Buffer): void {
    this.dir.set(encodeURIComponent(role), Buffer.from(bytes.toString('utf8')))
  }
}

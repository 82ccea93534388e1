/**
 * The program that tuf-conformance drives (its CLIENT-CLI.md): files and HTTP here, every judgement in packages/release.
 *
 *   tuf-client --metadata-dir D init ROOT
 *   tuf-client --metadata-dir D --metadata-url U refresh
 *   tuf-client … --target-name T (repeatable) --target-dir TD --target-base-url TU download
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isTarget, percentEncoded, TufClient } from '@holdfast/release'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'metadata-dir': { type: 'string', default: '' },
    'metadata-url': { type: 'string', default: '' },
    'target-name': { type: 'string', multiple: true, default: [] },
    'target-dir': { type: 'string', default: '' },
    'target-base-url': { type: 'string', default: '' },
  },
})
const folder = values['metadata-dir']
const fileOf = (role: string): string => join(folder, `${percentEncoded(role)}.json`)

/** @returns the body, cut off after one byte more than asked for; null for 404 and 403, as object stores answer */
async function get(url: string, maxBytes: number): Promise<Uint8Array | null> {
  const answer = await fetch(url)
  if (answer.status === 404 || answer.status === 403) return null
  if (!answer.ok || answer.body === null) throw new Error(`${url}: ${answer.status}`)
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of answer.body as AsyncIterable<Uint8Array>) {
    parts.push(part)
    length += part.length
    // Endless data (TUF 5.3.3 and on): a byte too many is enough to be refused.
    if (length > maxBytes) break
  }
  return Buffer.concat(parts).subarray(0, maxBytes + 1)
}

async function refresh(): Promise<TufClient> {
  const base = values['metadata-url'].replace(/\/$/, '')
  const client = new TufClient(
    {
      read: async (role) => (existsSync(fileOf(role)) ? readFileSync(fileOf(role)) : null),
      write: async (role, bytes) => writeFileSync(fileOf(role), bytes),
      remove: async (role) => rmSync(fileOf(role), { force: true }),
    },
    { fetch: async (file, maxBytes) => await get(`${base}/${file}`, maxBytes) },
    new Date(),
  )
  const outcome = await client.refresh()
  if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.reason}`)
  return client
}

async function download(client: TufClient, path: string): Promise<void> {
  const found = await client.findTarget(path)
  if (!found.ok) throw new Error(`${found.code}: ${found.reason}`)
  if (found.value === null) throw new Error(`nobody who is trusted with it names ${path}`)
  const { record, fileNames } = found.value
  const output = join(values['target-dir'], percentEncoded(path))
  if (existsSync(output) && (await isTarget(record, readFileSync(output)))) return
  const base = values['target-base-url'].replace(/\/$/, '')
  for (const name of fileNames) {
    const bytes = await get(`${base}/${name.split('/').map(encodeURIComponent).join('/')}`, record.length)
    if (bytes === null) continue
    if (!(await isTarget(record, bytes))) throw new Error(`what came for ${path} is not what was signed for`)
    mkdirSync(values['target-dir'], { recursive: true })
    writeFileSync(output, bytes)
    return
  }
  throw new Error(`there is no file for ${path}`)
}

async function main(): Promise<void> {
  const [command, root] = positionals
  if (command === 'init' && root !== undefined) {
    mkdirSync(folder, { recursive: true })
    copyFileSync(root, fileOf('root'))
  } else if (command === 'refresh') await refresh()
  else if (command === 'download') {
    const client = await refresh()
    for (const path of values['target-name']) await download(client, path)
  } else throw new Error('say init ROOT, refresh or download')
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

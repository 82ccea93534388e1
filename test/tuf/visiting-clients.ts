/** Stock TUF clients as their users would write them: python-tuf and tuf-js, over HTTP, with a folder each. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Updater } from 'tuf-js'
import { setUpPython, whyNotHere } from './python-tools.ts'

/** What a client makes of the target `archive`. */
export interface Seen {
  /** Version of the root that it trusts in the end. */
  root: number
  length: number
  /** Hex. */
  sha256: string
}

/**
 * One visit of a mirror: refresh, find `archive`, and if asked bring its bytes into `folder/archive`.
 *
 * @param folder with the root that is trusted from before as `root.json`
 * @param base `<gateway>/archives/<address>`
 * @throws when the client refuses anything
 */
type Visit = (folder: string, base: string, download: boolean) => Promise<{ length: number; sha256: string }>

export interface VisitingClient {
  name: string
  /** Why it cannot run here, or null. */
  problem: string | null
  visit: Visit
}

const PYTHON_CLIENT = `
import json, sys
from tuf.ngclient import Updater
folder, base, download = sys.argv[1:]
client = Updater(
    metadata_dir=folder, metadata_base_url=base + "/metadata/", target_dir=folder, target_base_url=base + "/targets/",
    bootstrap=None,
)
client.refresh()
target = client.get_targetinfo("archive")
if download == "yes":
    client.download_target(target)
print(json.dumps({"length": target.length, "sha256": target.hashes["sha256"]}))
`

const pythonTuf: Visit = async (folder, base, download) => {
  const { python } = await setUpPython()
  const args = ['-c', PYTHON_CLIENT, folder, base, download ? 'yes' : 'no']
  const { stdout } = await promisify(execFile)(python, args)
  return JSON.parse(stdout) as { length: number; sha256: string }
}

const tufJs: Visit = async (folder, base, download) => {
  const client = new Updater({
    metadataDir: folder,
    metadataBaseUrl: `${base}/metadata`,
    targetDir: folder,
    targetBaseUrl: `${base}/targets`,
  })
  await client.refresh()
  const target = await client.getTargetInfo('archive')
  if (target === undefined) throw new Error('there is no archive')
  if (download) await client.downloadTarget(target)
  return { length: target.length, sha256: target.hashes['sha256'] ?? '' }
}

export const VISITING_CLIENTS: VisitingClient[] = [
  { name: 'python-tuf', problem: await whyNotHere(), visit: pythonTuf },
  { name: 'tuf-js', problem: null, visit: tufJs },
]

/**
 * Visits a mirror; in a new folder the client begins with the mirror's `1.root.json`, as somebody would who has checked
 * that its hash is the address.
 */
export async function seenBy({ visit }: VisitingClient, folder: string, base: string, download = false): Promise<Seen> {
  if (!existsSync(folder)) {
    const answer = await fetch(`${base}/metadata/1.root.json`)
    if (!answer.ok) throw new Error(`1.root.json: ${answer.status}`)
    mkdirSync(folder)
    writeFileSync(join(folder, 'root.json'), await answer.bytes())
  }
  const found = await visit(folder, base, download)
  const { signed } = JSON.parse(readFileSync(join(folder, 'root.json'), 'utf8')) as { signed: { version: number } }
  return { root: signed.version, ...found }
}

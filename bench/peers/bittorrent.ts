/** aria2 and opentracker (Debian): a swarm as people would make one. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import type { Machines } from './namespaces.ts'

const PIECE_BYTES = 256 * 1024
const TRACKER_PORT = 6969
const PEER_PORT = 6881

/** Machine 0 has the folder, all others want it. @returns seconds until the last has it, and bytes that machine 0 sent */
export async function torrentSwarm(
  machines: Machines,
  folder: string,
  others: number,
  work: string,
): Promise<{ seconds: number; sent: number }> {
  const torrent = torrentOf(folder, `http://${machines.hub}:${TRACKER_PORT}/announce`)
  const file = join(work, 'swarm.torrent')
  writeFileSync(file, torrent.bytes)
  const list = join(work, 'tracker')
  mkdirSync(list, { recursive: true })
  writeFileSync(join(list, 'whitelist'), `${torrent.hash}\n`)
  const running: ChildProcess[] = []
  const tracker = ['-i', machines.hub, '-p', `${TRACKER_PORT}`, '-P', `${TRACKER_PORT}`, '-d', list, '-w', '/whitelist']
  running.push(machines.run(-1, 'opentracker', tracker))
  const before = machines.sentBy(0)
  const began = performance.now()
  try {
    running.push(machines.run(0, 'aria2c', [...flagsOf(join(folder, '..')), '--bt-seed-unverified=true', file]))
    const marks = Array.from({ length: others }, (_, at) => join(work, `done-${at + 1}`))
    for (const [at, mark] of marks.entries()) {
      const hook = join(work, `hook-${at + 1}`)
      writeFileSync(hook, `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 })
      const flags = [...flagsOf(join(work, `peer-${at + 1}`)), `--on-bt-download-complete=${hook}`]
      running.push(machines.run(at + 1, 'aria2c', [...flags, file]))
    }
    for (const mark of marks) while (!existsSync(mark)) await new Promise((resolve) => setTimeout(resolve, 100))
    return { seconds: (performance.now() - began) / 1000, sent: machines.sentBy(0) - before }
  } finally {
    for (const child of running) child.kill('SIGKILL')
  }
}

function flagsOf(folder: string): string[] {
  return [
    `--dir=${folder}`,
    `--listen-port=${PEER_PORT}`,
    '--enable-dht=false',
    '--bt-enable-lpd=false',
    '--seed-ratio=0.0',
    '--file-allocation=none',
    '--allow-overwrite=true',
    '--check-certificate=false',
    '--quiet=true',
  ]
}

/** A torrent of all files below a folder (BEP 3). */
function torrentOf(folder: string, announce: string): { bytes: Buffer; hash: string } {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
  const whole = Buffer.concat(paths.map((path) => readFileSync(path)))
  const pieces: Buffer[] = []
  for (let at = 0; at < whole.length; at += PIECE_BYTES)
    pieces.push(
      createHash('sha1')
        .update(whole.subarray(at, at + PIECE_BYTES))
        .digest(),
    )
  const info = bencode({
    files: paths.map((path) => ({ length: statSync(path).size, path: relative(folder, path).split('/') })),
    name: basename(folder),
    'piece length': PIECE_BYTES,
    pieces: Buffer.concat(pieces),
  })
  const bytes = Buffer.concat([
    Buffer.from('d'),
    bencode('announce'),
    bencode(announce),
    bencode('info'),
    info,
    Buffer.from('e'),
  ])
  return { bytes, hash: createHash('sha1').update(info).digest('hex') }
}

type Bencodable = string | number | Buffer | Bencodable[] | { [key: string]: Bencodable }

function bencode(value: Bencodable): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`)
  if (typeof value === 'string') return bencode(Buffer.from(value))
  if (Buffer.isBuffer(value)) return Buffer.concat([Buffer.from(`${value.length}:`), value])
  if (Array.isArray(value)) return Buffer.concat([Buffer.from('l'), ...value.map(bencode), Buffer.from('e')])
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Buffer.concat([
    Buffer.from('d'),
    ...entries.flatMap(([key, item]) => [bencode(key), bencode(item)]),
    Buffer.from('e'),
  ])
}

/** What blocks link to: UnixFS through packages/dag, and DAG-CBOR, which path gateways must also walk through. */
import { DagError, linksOf } from '@holdfast/dag'
import { decode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'

const RAW = 0x55
const DAG_PB = 0x70
export const DAG_CBOR = 0x71
/** Multicodecs without links: raw, cbor, json. */
const LEAVES = [RAW, 0x51, 0x0200]

/** @returns whether packages/dag reads blocks of this codec */
export function isUnixFs(cid: CID): boolean {
  return cid.code === RAW || cid.code === DAG_PB
}

/** @returns whether a walk can go on from a block of this codec */
export function isWalkable(cid: CID): boolean {
  return cid.code === DAG_PB || cid.code === DAG_CBOR || LEAVES.includes(cid.code)
}

/** The CIDs that a block links to, in order, repeats included. @throws DagError `bad-block` */
export function linksIn(cid: CID, bytes: Uint8Array): CID[] {
  if (LEAVES.includes(cid.code)) return []
  if (cid.code !== DAG_CBOR) return linksOf(cid, bytes)
  const links: CID[] = []
  const values = [decodeCbor(cid, bytes)]
  while (values.length > 0) {
    const value = values.pop()
    const link = CID.asCID(value)
    if (link !== null) links.push(link)
    else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
      values.push(...(Object.values(value) as unknown[]).toReversed())
    }
  }
  return links
}

/** Where a path leads inside one DAG-CBOR block. */
export type InnerPath =
  | { link: CID; rest: string[] } // to another block
  | 'inside' // to a value of this one, which is no block (path-gateway, "Traversing through DAG-JSON and DAG-CBOR": 501)
  | 'missing'

/** Follows names of maps and places in lists up to the first link. @throws DagError `bad-block` */
export function followPath(cid: CID, bytes: Uint8Array, path: readonly string[]): InnerPath {
  let value = decodeCbor(cid, bytes)
  for (const [at, name] of path.entries()) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return 'missing'
    value = (value as Record<string, unknown>)[name]
    const link = CID.asCID(value)
    if (link !== null) return { link, rest: path.slice(at + 1) }
  }
  return 'inside'
}

function decodeCbor(cid: CID, bytes: Uint8Array): unknown {
  try {
    return decode(bytes)
  } catch (cause) {
    throw new DagError('bad-block', `the block ${cid.toString()} is no DAG-CBOR`, { cid, cause })
  }
}

/** What a reader asks for: a link, the address of an archive, or a CID, each with a path. */
import { parseAddress, parseLink } from '@holdfast/release'
import { CID } from 'multiformats/cid'
import { usageError } from '../settings.ts'

export type What =
  | { kind: 'archive'; address: string; path: string; hints: string[]; claimedName: string | null }
  | { kind: 'cid'; cid: CID; path: string }

const DAG_PB = 0x70
const RAW = 0x55

/**
 * @param text `holdfast:…`, an address or a CID with an optional `/path`; `/ipfs/` or `ipfs://` in front is passed over
 * @throws CommandError saying what is wrong with it
 */
export function parseWhat(text: string): What {
  if (/^holdfast:/i.test(text)) {
    const parsed = parseLink(text)
    if (!parsed.ok)
      throw usageError(`This is not a link: ${parsed.reason}`, 'Copy the whole link, from "holdfast:" to its end.')
    const { address, path, hints, name } = parsed.link
    return { kind: 'archive', address, path, hints, claimedName: name ?? null }
  }
  const [first = '', ...rest] = text.replace(/^(?:ipfs:\/\/|\/ipfs\/)/i, '').split('/')
  const path = rest.filter((segment) => segment !== '').join('/')
  if (path.split('/').some((segment) => segment === '..' || segment === '.'))
    throw usageError(`"${path}" is no path inside an archive.`)
  const address = parseAddress(first)
  if (address !== null) return { kind: 'archive', address, path, hints: [], claimedName: null }
  const cid = parseRootCid(first)
  if (cid !== null) return { kind: 'cid', cid, path }
  throw usageError(
    `"${first.slice(0, 80)}" is neither a link nor an address nor a CID.`,
    'A link begins with "holdfast:"; an address with "baga"; the CID of a release with "bafy". Perhaps it was cut off.',
  )
}

function parseRootCid(text: string): CID | null {
  try {
    const cid = CID.parse(text)
    return cid.code === DAG_PB || cid.code === RAW ? cid.toV1() : null
  } catch {
    return null // The parser throws for whatever is no CID: the caller says so.
  }
}

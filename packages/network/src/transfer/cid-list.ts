import { CID } from 'multiformats/cid'

/** The media type of a batch request: binary CIDs, one after the other (docs/protocol.md, "Batches"). */
export const CID_LIST_TYPE = 'application/vnd.holdfast.cids'

/** The body of a batch request. */
export function encodeCidList(cids: readonly CID[]): Uint8Array {
  return Buffer.concat(cids.map((cid) => cid.bytes))
}

/** @returns the CIDs of a batch request; null when it is not a list of at most `most` CIDs */
export function parseCidList(bytes: Uint8Array, most: number): CID[] | null {
  const cids: CID[] = []
  let rest = bytes
  while (rest.byteLength > 0) {
    if (cids.length === most) return null
    try {
      const [cid, remainder] = CID.decodeFirst(rest)
      cids.push(cid)
      rest = remainder
    } catch {
      return null // The caller answers 400: what a peer sent is not our failure.
    }
  }
  return cids
}

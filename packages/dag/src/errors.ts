import type { CID } from 'multiformats/cid'

/** What went wrong. Blocks, CARs and manifests come from strangers: whatever they hold ends in one of these. */
export type DagErrorCode =
  | 'bad-block' // bytes that are no DAG-PB or UnixFS node, or one that contradicts itself or its parent
  | 'bad-car' // bytes that are no CARv1, or that break a limit
  | 'bad-manifest' // bytes that are no block manifest, or that break a limit
  | 'missing-block' // the reader does not have it; `cid` says which
  | 'not-a-file'
  | 'not-a-directory'
  | 'unsafe-name' // a directory entry that cannot be written below a folder, or that stands there twice
  | 'bad-path' // a path that no tree can hold, or that comes twice or out of order
  | 'bad-range' // not whole numbers, or the end before the start
  | 'too-deep' // nested deeper than the limit
  | 'too-large' // more entries or bytes than the limit

/** The one error that this package throws for what it is given. Errors of stores and sources pass through as they are. */
export class DagError extends Error {
  readonly code: DagErrorCode
  /** The block that it is about, where there is one. */
  readonly cid: CID | null

  constructor(code: DagErrorCode, message: string, options: ErrorOptions & { cid?: CID } = {}) {
    super(message, options)
    this.name = 'DagError'
    this.code = code
    this.cid = options.cid ?? null
  }
}

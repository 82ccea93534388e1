/** What a request wants of its content: a raw block or a CAR, and which (trustless-gateway, IPIP-402, IPIP-412, IPIP-523). */
import { parseAccept } from './accept.ts'
import { parseEntityBytes, type EntityBytes } from './entity-bytes.ts'

export const RAW_TYPE = 'application/vnd.ipld.raw'
export const CAR_TYPE = 'application/vnd.ipld.car'

export type DagScope = 'block' | 'entity' | 'all'

/** A CAR in the one order that we have: version 1, depth first. */
export interface CarFormat {
  format: 'car'
  scope: DagScope
  /** Part of a file, with scope `entity`; null for the whole. */
  bytes: EntityBytes | null
  /** Whether a block is sent each time that the walk meets it. */
  dups: boolean
}

export interface BadFormat {
  status: 400 | 406
  reason: string
}

/** What was settled, and the query that asks for just that (`Content-Location`) when the `Accept` header had a say. */
export type ResponseFormat = ({ format: 'raw' } | CarFormat) & { negotiated: string | null }

type Parameters = ReadonlyMap<string, string>

/** Formats of the path gateway that need the trust that we do not ask for. */
const DESERIALIZED = ['tar', 'json', 'cbor', 'dag-json', 'dag-cbor', 'ipns-record', 'html']
const NO_FORMAT = 'ask for format=raw or format=car'

/** @returns the format, the query before the header (IPIP-523); or status and reason of the refusal */
export function chooseFormat(query: URLSearchParams, accept: string | null): ResponseFormat | BadFormat {
  const asked = query.get('format')
  const accepted = parseAccept(accept)
  if (asked === 'raw') return { format: 'raw', negotiated: null }
  if (asked === 'car') {
    return chooseCar(
      query,
      accepted.filter(({ type }) => type === CAR_TYPE).map(({ parameters }) => parameters),
      false,
    )
  }
  if (asked !== null && asked !== '') {
    return { status: DESERIALIZED.includes(asked) ? 406 : 400, reason: NO_FORMAT }
  }
  // Explicit names alone: a browser's `*/*` wants a page, not a block (path-gateway, "Response Payload": opt-in).
  const wanted = accepted.filter(({ type }) => type === RAW_TYPE || type === CAR_TYPE)
  for (const { type, parameters } of wanted) {
    if (type === RAW_TYPE) return { format: 'raw', negotiated: queryFor(query, { format: 'raw' }) }
    const car = chooseCar(query, [parameters], true)
    if (!('status' in car) || car.status !== 406) return car
  }
  if (wanted.length > 0) return { status: 406, reason: 'of CARs there are version=1 with order=dfs' }
  return { status: accept === null ? 400 : 406, reason: NO_FORMAT }
}

/**
 * @param variants what the header names, best first; the first that we can do counts
 * @param explicit whether one of them must be met: with `format=car` they are wishes
 */
function chooseCar(query: URLSearchParams, variants: Parameters[], explicit: boolean): ResponseFormat | BadFormat {
  const variant = variants.find(isPossible)
  if (variant === undefined && explicit) return { status: 406, reason: 'no such CAR' }
  const inQuery = new Map(['version', 'order', 'dups'].flatMap((name) => pair(name, query.get(`car-${name}`))))
  if (!isPossible(inQuery)) return { status: 400, reason: 'car-version is 1, car-order dfs or unk, car-dups y or n' }
  const scope = query.get('dag-scope') ?? 'all'
  if (!isScope(scope)) return { status: 400, reason: 'dag-scope is block, entity or all' }
  const range = query.get('entity-bytes')
  const bytes = range === null ? null : parseEntityBytes(range)
  if (range !== null && bytes === null) return { status: 400, reason: 'entity-bytes is from:to, to may be *' }
  const dups = (inQuery.get('dups') ?? variant?.get('dups')) === 'y'
  const negotiated =
    variant === undefined ? null : queryFor(query, { format: 'car', 'car-order': 'dfs', 'car-dups': dups ? 'y' : 'n' })
  // entity-bytes implies the scope (trustless-gateway, "entity-bytes").
  return { format: 'car', scope: bytes === null ? scope : 'entity', bytes, dups, negotiated }
}

/** `unk` leaves the order to us. What we do not know is no reason to refuse: it cannot be promised back either. */
function isPossible(parameters: Parameters): boolean {
  return (
    ['1', undefined].includes(parameters.get('version')) &&
    ['dfs', 'unk', '', undefined].includes(parameters.get('order')) &&
    ['y', 'n', '', undefined].includes(parameters.get('dups'))
  )
}

function isScope(text: string): text is DagScope {
  return text === 'block' || text === 'entity' || text === 'all'
}

function pair(name: string, value: string | null): [string, string][] {
  return value === null ? [] : [[name, value]]
}

function queryFor(query: URLSearchParams, settled: Record<string, string>): string {
  const full = new URLSearchParams(query)
  for (const [name, value] of Object.entries(settled)) full.set(name, value)
  return full.toString()
}

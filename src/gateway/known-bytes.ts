/** Answers whose bytes are at hand: whoever writes them to a socket needs no stream of the web's kind, half the cost of a small answer. */
const known = new WeakMap<Response, Uint8Array>()

/** @returns an answer with this body, and its length among the headers */
export function bytesResponse(status: number, bytes: Uint8Array, headers: Readonly<Record<string, string>>): Response {
  const body = bytes as Uint8Array<ArrayBuffer>
  const response = new Response(body, { status, headers: { ...headers, 'content-length': String(bytes.length) } })
  known.set(response, bytes)
  return response
}

/** @returns the body of an answer that was made here, null for any other */
export function knownBytes(response: Response): Uint8Array | null {
  return known.get(response) ?? null
}

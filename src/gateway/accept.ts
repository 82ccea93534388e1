/** The `Accept` header (RFC 9110, 12.5.1), as far as it asks for formats by name. */

/** One media type that the client takes. */
export interface AcceptedType {
  /** Lower case, `type/subtype`. */
  type: string
  /** Names in lower case, values without quotes; without `q`. */
  parameters: ReadonlyMap<string, string>
}

/** @returns what the client takes, best first; what it refuses by `q=0`, and what is no media type, is left out */
export function parseAccept(header: string | null): AcceptedType[] {
  const accepted: (AcceptedType & { quality: number })[] = []
  for (const range of (header ?? '').split(',')) {
    const [type = '', ...rest] = range.split(';').map((part) => part.trim())
    const parameters = new Map(rest.map(parseParameter))
    const quality = parseQuality(parameters.get('q'))
    parameters.delete('q')
    if (type.includes('/') && quality > 0) accepted.push({ type: type.toLowerCase(), parameters, quality })
  }
  // Stable: of equal ones the first stays first.
  return accepted.toSorted((a, b) => b.quality - a.quality)
}

function parseParameter(text: string): [string, string] {
  const [name = '', ...value] = text.split('=')
  return [
    name.trim().toLowerCase(),
    value
      .join('=')
      .trim()
      .replace(/^"(.*)"$/, '$1'),
  ]
}

/** RFC 9110, 12.4.2; whatever is no weight counts as none given. */
function parseQuality(text: string | undefined): number {
  return text !== undefined && /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 1
}

/** What stands at `/` (reachability.md: "Standing alone, it shows an ordinary page"): the one that half of all web servers show. */

const PAGE = '<html><body><h1>It works!</h1></body></html>\n'

/** A page that names nobody. */
export function plainPage(): Response {
  return new Response(PAGE, { headers: { 'content-type': 'text/html', 'content-length': String(PAGE.length) } })
}

/** Names the build: the version of the package, and what it was built from. */
import manifest from './package.json' with { type: 'json' }

/** Set by scripts/build.ts to the commit; absent in a checkout, which runs its sources. */
declare const HOLDFAST_BUILD: string | undefined

/** @returns such as `0.1.0 (checkout)` */
export function versionText(): string {
  return `${manifest.version} (${typeof HOLDFAST_BUILD === 'string' ? HOLDFAST_BUILD : 'checkout'})`
}

/** Makes the published program: one folder of JavaScript without dependencies, `dist/holdfast`. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown, type Plugin } from 'rolldown'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OUT = join(ROOT, 'dist', 'holdfast')

const commit = execFileSync('git', ['describe', '--always', '--dirty'], { cwd: ROOT, encoding: 'utf8' }).trim()
const { version, description, license } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
  string,
  string
>

rmSync(OUT, { recursive: true, force: true })
mkdirSync(OUT, { recursive: true })
/** Some libraries look up their own name and version beside them on disk, where a bundle has nothing. */
const ownManifests: Plugin = {
  name: 'own-manifests',
  transform(code, id) {
    const found = /\b(?:req|require)\('([./]+package\.json)'\)/.exec(code)
    if (found === null || !id.includes('node_modules')) return null
    const { name, version: of } = JSON.parse(readFileSync(join(dirname(id), found[1] ?? ''), 'utf8')) as Record<
      string,
      string
    >
    return { code: code.replace(found[0], JSON.stringify({ name, version: of })) }
  },
}

const bundle = await rolldown({
  input: join(ROOT, 'src', 'cli.ts'),
  platform: 'node',
  plugins: [ownManifests],
  transform: { define: { HOLDFAST_BUILD: JSON.stringify(commit) } },
  // Warnings of dependencies about themselves.
  checks: { circularDependency: false },
})
await bundle.write({
  dir: OUT,
  format: 'esm',
  entryFileNames: 'cli.js',
  chunkFileNames: '[name]-[hash].js',
  minify: false,
})
await bundle.close()

const launcher = readFileSync(join(ROOT, 'src', 'holdfast.mjs'), 'utf8').replaceAll('./cli.ts', './cli.js')
writeFileSync(join(OUT, 'holdfast.mjs'), launcher, { mode: 0o755 })
writeFileSync(
  join(OUT, 'package.json'),
  `${JSON.stringify({ name: 'holdfast', version, description, license, type: 'module', bin: { holdfast: './holdfast.mjs' }, engines: { node: '>=22.18' } }, null, 2)}\n`,
)
console.log(`${OUT}: holdfast ${version} (${commit})`)

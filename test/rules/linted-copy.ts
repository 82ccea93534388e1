import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'

const REPOSITORY = resolve(import.meta.dirname, '../..')
const SOURCES = ['packages', 'src', 'scripts', 'test']
const SETTINGS = ['.oxlintrc.json', '.oxfmtrc.json', 'knip.jsonc', 'package.json', 'tsconfig.json', 'vitest.config.ts']

export interface Finding {
  readonly file: string
  readonly code: string
}

/** A copy of the tree with our checkers' settings, where a test may plant what is forbidden. */
export class LintedCopy {
  readonly #root = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-rules-')))

  /**
   * @param withSources whether the project's own code comes along, or the settings and rules alone
   * @throws when the tools are not installed (`npm run tools`)
   */
  constructor(withSources: boolean) {
    if (!existsSync(join(REPOSITORY, 'tools/node_modules/.bin/oxlint'))) {
      throw new Error('The checkers are not installed: run "npm run tools" first.')
    }
    for (const path of [...SETTINGS, 'tools/package.json', 'tools/oxlint-rules', ...(withSources ? SOURCES : [])]) {
      const from = join(REPOSITORY, path)
      if (existsSync(from)) cpSync(from, join(this.#root, path), { recursive: true })
    }
    for (const path of ['node_modules', 'tools/node_modules']) {
      symlinkSync(join(REPOSITORY, path), join(this.#root, path), 'dir')
    }
  }

  write(file: string, text: string): void {
    const path = join(this.#root, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }

  /** Runs one of the tools in the copy, as npm would find it. */
  run(tool: string, ...args: string[]): { exitCode: number | null; output: string; errors: string } {
    const bins = ['tools/node_modules/.bin', 'node_modules/.bin'].map((folder) => join(REPOSITORY, folder))
    const done = spawnSync(join(bins[0] ?? '', tool), args, {
      cwd: this.#root,
      encoding: 'utf8',
      env: { ...process.env, PATH: [...bins, process.env['PATH']].join(delimiter) },
      maxBuffer: 64 * 1024 * 1024,
    })
    if (done.error !== undefined) throw done.error
    return { exitCode: done.status, output: done.stdout, errors: done.stderr }
  }

  /** @returns what the linter finds, sorted by file */
  lint(): Finding[] {
    const { output, errors } = this.run('oxlint', '--format', 'json')
    if (!output.startsWith('{')) throw new Error(`oxlint did not run: ${output} ${errors}`)
    const { diagnostics } = JSON.parse(output) as {
      diagnostics: { filename: string; code?: string; message: string }[]
    }
    return diagnostics
      .map(({ filename, code, message }) => ({ file: filename.replaceAll('\\', '/'), code: code ?? message }))
      .toSorted((a, b) => a.file.localeCompare(b.file) || a.code.localeCompare(b.code))
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true })
  }
}

import { defineConfig } from 'vitest/config'

const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 24) throw new Error(`Node ${process.version} is too old. "npm test" brings its own: run that.`)

/** Suites that are asked for by name; every other test belongs to `unit`, so that none is in no suite. */
const SUITES = {
  e2e: ['test/e2e/**/*.test.ts', 'test/cli/**/*.test.ts', 'test/hostile/**/*.test.ts'],
  faults: ['test/faults/**/*.test.ts'],
  interop: ['test/interop/**/*.test.ts'],
  rules: ['test/rules/**/*.test.ts'],
  tuf: ['test/tuf/**/*.test.ts'],
  blocking: ['test/blocking/**/*.test.ts'],
}

/** Where .ci/run wants the counts as JSON. */
const report = process.env['HOLDFAST_TEST_REPORT']

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    allowOnly: false,
    passWithNoTests: false,
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: Object.values(SUITES).flat(),
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      ...Object.entries(SUITES).map(([name, include]) => ({
        extends: true as const,
        // These start processes, on a machine that may be busy.
        test: { name, include, testTimeout: 120_000, hookTimeout: 120_000 },
      })),
    ],
  },
})

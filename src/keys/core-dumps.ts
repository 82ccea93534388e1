/** Keeps what is in memory out of core dumps, as far as Node lets a program do that: it has neither setrlimit nor prctl. */
import { writeFileSync } from 'node:fs'

const FILTER = '/proc/self/coredump_filter'

/**
 * From here on a core dump of this process, and of those it starts, holds no memory (core(5), "coredump_filter"). Linux only:
 * elsewhere, and where /proc is not there, nothing changes (docs/threat-model.md).
 */
export function keepOutOfCoreDumps(): void {
  if (process.platform !== 'linux') return
  try {
    writeFileSync(FILTER, '0')
  } catch {
    // A container without /proc, or a kernel without the filter: no reason to refuse to sign.
  }
}

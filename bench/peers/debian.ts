/** Programs of Debian packages that a case needs: installed where this may be done, else the case ends saying what is missing. */
import { execFileSync, spawnSync } from 'node:child_process'

/** @param wanted package by program @throws when one is missing and cannot be installed */
export function requirePrograms(wanted: Readonly<Record<string, string>>, say: (line: string) => void): void {
  const missing = Object.keys(wanted).filter((program) => spawnSync('which', [program]).status !== 0)
  if (missing.length === 0) return
  const packages = missing.flatMap((program) => wanted[program] ?? [])
  say(`Installing ${packages.join(', ')}.`)
  execFileSync('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { stdio: 'ignore' })
}

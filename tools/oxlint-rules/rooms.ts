/**
 * Who may import whom (docs: architecture, "Rooms"). The one table that the lint rule, its test and a newcomer read.
 *
 * A pattern is a package name, `@scope/*` for all packages of a scope, `name*` for names that begin so, or `node:`
 * for what comes with Node. Sub-paths of foreign packages (`multiformats/cid`) count as the package.
 */
export interface Room {
  /** Folder below the repository, without a slash at its end. The longest folder that matches a file is its room. */
  readonly folder: string
  /** What the room may import by name. */
  readonly mayImport: readonly string[]
  /** Taken from `mayImport` again. */
  readonly butNot?: readonly string[]
  /** Folders that its relative imports may reach. */
  readonly reaches: readonly string[]
}

/** helia and libp2p live in packages/network alone, so that they can be exchanged there. */
const PEER_STACK = ['helia', '@helia/*', 'libp2p', '@libp2p/*', '@multiformats/*']
const ANYTHING = ['*', 'node:']
const OF_TESTS = ['vitest', 'fast-check', 'node:']

/**
 * A package's source and its tests.
 * Tests may use everything: they bring working peers, files and sockets to what they test.
 */
function packageRooms(name: string, ofSource: readonly string[]): Room[] {
  const folder = `packages/${name}`
  return [
    { folder, mayImport: OF_TESTS, reaches: [folder] },
    { folder: `${folder}/src`, mayImport: ofSource, reaches: [`${folder}/src`] },
    { folder: `${folder}/test`, mayImport: ANYTHING, reaches: [folder] },
  ]
}

const ROOMS: readonly Room[] = [
  ...packageRooms('release', ['multiformats', '@ipld/*']),
  ...packageRooms('mirror', ['@holdfast/release', 'multiformats']),
  ...packageRooms('dag', ['multiformats', '@ipld/*', '@helia/unixfs', 'ipfs-unixfs*', 'interface-blockstore']),
  ...packageRooms('network', [
    '@holdfast/release',
    '@holdfast/dag',
    ...PEER_STACK,
    'interface-blockstore',
    'multiformats',
    'uint8arraylist',
    'node:',
  ]),
  ...packageRooms('reader', ['@holdfast/release', '@holdfast/dag']),
  ...packageRooms('testkit', ANYTHING),
  {
    folder: 'src',
    mayImport: ANYTHING,
    butNot: ['@holdfast/testkit', ...PEER_STACK, ...OF_TESTS.slice(0, 2)],
    reaches: ['src'],
  },
  { folder: 'scripts', mayImport: ANYTHING, butNot: ['@holdfast/testkit'], reaches: ['scripts', 'src'] },
  { folder: 'bench', mayImport: ANYTHING, reaches: ['bench', 'scripts'] },
  { folder: 'test', mayImport: ANYTHING, reaches: ['test', 'src', 'scripts'] },
  { folder: 'test/rules', mayImport: ANYTHING, reaches: ['test', 'tools/oxlint-rules', 'scripts'] },
  { folder: 'tools', mayImport: ANYTHING, butNot: ['@holdfast/*'], reaches: ['tools'] },
]

/** Rooms whose clock, randomness, timers and stores are arguments, for Node and browsers alike. */
export const PURE_ROOMS: readonly string[] = ['packages/release/src', 'packages/mirror/src', 'packages/dag/src']

/** Names that say nothing about what is inside. */
export const EMPTY_NAMES: readonly string[] = ['util', 'utils', 'interface', 'interfaces']

/** @returns the room of a file (path below the repository), or null when it lies in none */
export function roomOf(file: string): Room | null {
  let found: Room | null = null
  for (const room of ROOMS) {
    if (file.startsWith(`${room.folder}/`) && (found === null || room.folder.length > found.folder.length)) found = room
  }
  return found
}

/** @returns whether the room may import that module by name; relative paths are judged by `reaches` */
export function mayImport(room: Room, specifier: string): boolean {
  const name = specifier.startsWith('node:') ? 'node:' : packageOf(specifier)
  return room.mayImport.some((pattern) => fits(name, pattern)) && !room.butNot?.some((pattern) => fits(name, pattern))
}

/** @returns the package that a specifier such as `@a/b/c` or `a/b` names */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function fits(name: string, pattern: string): boolean {
  if (name === 'node:' || pattern === 'node:') return name === pattern
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

/** Files to UnixFS blocks and back, CAR and block manifests: pure, the same in Node and in browsers. */
export type { Block, BlockReader, BlockWriter, Hash, Hashing } from './blocks.ts'
export { openCar, readCar, writeCar } from './car.ts'
export { diffTrees, type TreeChange } from './diff-trees.ts'
export { DagError, type DagErrorCode } from './errors.ts'
export {
  importTree,
  type ImportedTree,
  type SourceDirectory,
  type ImportedFile,
  type SourceEntry,
  type SourceFile,
} from './import/import-tree.ts'
export { CHUNK_BYTES, MAX_BLOCK_BYTES } from './limits.ts'
export { linksOf } from './links.ts'
export {
  listDirectory,
  listTree,
  type DirectoryEntry,
  type EntryType,
  type TreeEntry,
  type TreeLimits,
} from './list.ts'
export { readManifest, writeManifest, type ListedBlock } from './manifest.ts'
export { checkName } from './names.ts'
export { readFile, type ByteRange } from './read-file.ts'
export { resolvePath, type ResolvedNode } from './resolve-path.ts'
export { verifyBlock } from './verify-block.ts'
export { walkDag, walkEntity, type WalkedBlock } from './walk.ts'

/** Where everything of one user lies: one folder of their choice, or the usual folders of the system. */
import { createHash } from 'node:crypto'
import { lstatSync, realpathSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { makeFolder } from './store/atomic-file.ts'
import { StoreError } from './store/errors.ts'
import { MAX_SOCKET_PATH_BYTES } from './store/limits.ts'

/** Paths; none of them need exist. */
export interface Home {
  /** The settings: `config.toml`. */
  readonly config: string
  /** The folder that everything below lies in. */
  readonly data: string
  /** Folder of key files. */
  readonly keys: string
  /** Folder of ArchiveStore. */
  readonly archives: string
  /** Folder of BlockStore. */
  readonly blocks: string
  /** Says which daemon owns the home: see home-lock.ts. */
  readonly lock: string
  /** Unix socket, or named pipe on Windows, of the daemon. */
  readonly socket: string
  /** Folder of unfinished fetches of a reader, one folder for each root CID. */
  readonly partial: string
  /** Folder of what is being made and not yet published. */
  readonly staging: string
}

export interface HomeOptions {
  /** `--home`, when it was given. */
  flag?: string | undefined
  env: Readonly<Record<string, string | undefined>>
  /** As process.platform; the machine's own unless given. */
  platform?: NodeJS.Platform
}

const NAME = 'holdfast'

/**
 * `--home`, else `HOLDFAST_HOME`, else `$XDG_CONFIG_HOME/holdfast` and `$XDG_DATA_HOME/holdfast`, else what is usual on
 * the platform. Keys lie with the data: people publish their configuration folders.
 *
 * @returns the paths; nothing is read or made but the real path of a home that exists
 * @throws StoreError 'bad-home' for an empty `--home`
 */
export function openHome(options: HomeOptions): Home {
  const { flag, env, platform = process.platform } = options
  if (flag === '') throw new StoreError('bad-home', '--home was given an empty name')
  const own = flag ?? nonEmpty(env['HOLDFAST_HOME'])
  if (own !== undefined) return homeAt(resolve(own), resolve(own), platform)
  const { config, data } = usualFolders(env, platform)
  return homeAt(config, data, platform)
}

/**
 * Makes the home's folders, for nobody else to read; the store of blocks makes its own.
 *
 * @throws StoreError 'unsafe-folder' when somebody else made the folder of the socket before us, 'disk-full', 'io'
 */
export function makeHome(home: Home): void {
  for (const folder of [home.data, home.keys, home.archives]) makeFolder(folder)
  const socketFolder = resolve(home.socket, '..')
  // In the folder for temporary files anybody may make anything.
  if (!home.socket.startsWith(PIPE) && socketFolder !== home.data) requireOwn(socketFolder)
}

const PIPE = '\\\\.\\pipe\\'

function homeAt(config: string, data: string, platform: NodeJS.Platform): Home {
  return {
    config: join(config, 'config.toml'),
    data,
    keys: join(data, 'keys'),
    archives: join(data, 'archives'),
    blocks: join(data, 'blocks'),
    lock: join(data, 'lock'),
    socket: socketOf(data, platform),
    partial: join(data, 'partial'),
    staging: join(data, 'staging'),
  }
}

/** Two ways to write one home give one socket, where the path itself does not fit (unix(7): 108 bytes). */
function socketOf(data: string, platform: NodeJS.Platform): string {
  const near = join(data, 'control.sock')
  if (platform !== 'win32' && Buffer.byteLength(near) < MAX_SOCKET_PATH_BYTES) return near
  const name = createHash('sha256').update(realPathOf(data)).digest('hex').slice(0, 24)
  if (platform === 'win32') return `${PIPE}${NAME}-${name}`
  return join(tmpdir(), `${NAME}-${userInfo().uid}`, `${name}.sock`)
}

/** @returns the real path as far as there is one */
function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // Not made yet: then its parent decides, up to the root, which is always there.
    const parent = resolve(path, '..')
    return parent === path ? path : join(realPathOf(parent), path.slice(parent.length))
  }
}

function usualFolders(env: HomeOptions['env'], platform: NodeJS.Platform): { config: string; data: string } {
  const user = homedir()
  const [config, data] = platformFolders(env, platform, user)
  return {
    config: fromXdg(env['XDG_CONFIG_HOME']) ?? config,
    data: fromXdg(env['XDG_DATA_HOME']) ?? data,
  }
}

function platformFolders(env: HomeOptions['env'], platform: NodeJS.Platform, user: string): [string, string] {
  if (platform === 'win32') {
    const roaming = nonEmpty(env['APPDATA']) ?? join(user, 'AppData', 'Roaming')
    const local = nonEmpty(env['LOCALAPPDATA']) ?? join(user, 'AppData', 'Local')
    return [join(roaming, NAME), join(local, NAME)]
  }
  if (platform === 'darwin') {
    return [join(user, 'Library', 'Preferences', NAME), join(user, 'Library', 'Application Support', NAME)]
  }
  return [join(user, '.config', NAME), join(user, '.local', 'share', NAME)]
}

/** A relative path in these variables is to be ignored (XDG Base Directory Specification). */
function fromXdg(folder: string | undefined): string | undefined {
  return folder !== undefined && isAbsolute(folder) ? join(folder, NAME) : undefined
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

function requireOwn(folder: string): void {
  makeFolder(folder)
  const { uid, mode } = lstatSync(folder)
  const own = lstatSync(folder).isDirectory() && uid === userInfo().uid && (mode & 0o077) === 0
  if (!own) throw new StoreError('unsafe-folder', `${folder} belongs to somebody else or is open to others; remove it`)
}

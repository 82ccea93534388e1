/** Where a home lies, and that nobody else can look into it. */
import { chmodSync, existsSync, mkdirSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeHome, openHome } from '../../src/home.ts'
import { temporaryFolder } from './store-fixture.ts'

const user = homedir()

function folders(platform: NodeJS.Platform, env = {}): string[] {
  const { config, data } = openHome({ env, platform })
  return [config, data].map((path) => path.replace(user, '~'))
}

function longPath(): string {
  return join(temporaryFolder(), 'a-rather-long-name'.repeat(6))
}

describe('a home lies', () => {
  it('in the one folder of --home, before HOLDFAST_HOME, before the usual folders', () => {
    const env = { HOLDFAST_HOME: '/from/env', XDG_DATA_HOME: '/xdg/data', XDG_CONFIG_HOME: '/xdg/config' }
    expect(openHome({ flag: '/from/flag', env, platform: 'linux' })).toEqual({
      config: '/from/flag/config.toml',
      data: '/from/flag',
      keys: '/from/flag/keys',
      archives: '/from/flag/archives',
      blocks: '/from/flag/blocks',
      lock: '/from/flag/lock',
      socket: '/from/flag/control.sock',
      partial: '/from/flag/partial',
      staging: '/from/flag/staging',
    })
    expect(openHome({ env, platform: 'linux' }).data).toBe('/from/env')
    const { config, data, keys } = openHome({ env: { ...env, HOLDFAST_HOME: '' }, platform: 'linux' })
    expect([config, data, keys]).toEqual([
      '/xdg/config/holdfast/config.toml',
      '/xdg/data/holdfast',
      '/xdg/data/holdfast/keys',
    ])
  })

  it('where the platform has such things', () => {
    expect(folders('linux')).toEqual(['~/.config/holdfast/config.toml', '~/.local/share/holdfast'])
    expect(folders('darwin')).toEqual([
      '~/Library/Preferences/holdfast/config.toml',
      '~/Library/Application Support/holdfast',
    ])
    // A relative path there is to be ignored (XDG Base Directory Specification).
    expect(folders('linux', { XDG_DATA_HOME: 'relative' })[1]).toBe('~/.local/share/holdfast')
    expect(folders('win32', { APPDATA: '/roaming', LOCALAPPDATA: '/local' })).toEqual([
      '/roaming/holdfast/config.toml',
      '/local/holdfast',
    ])
  })

  it('at an absolute path whatever was given, but not at no path', () => {
    expect(openHome({ flag: 'here', env: {}, platform: 'linux' }).data).toBe(join(process.cwd(), 'here'))
    expect(() => openHome({ flag: '', env: {} })).toThrow(expect.objectContaining({ code: 'bad-home' }))
  })
})

describe('the control socket', () => {
  it('always fits a socket address, whatever the home is called', () => {
    const { socket } = openHome({ flag: longPath(), env: {}, platform: 'linux' })
    expect(Buffer.byteLength(socket)).toBeLessThan(100)
    expect(socket.startsWith(tmpdir())).toBe(true)
    // Bytes count, not characters.
    const chinese = openHome({ flag: `/${'档案'.repeat(15)}`, env: {}, platform: 'linux' }).socket
    expect(Buffer.byteLength(chinese)).toBeLessThan(100)
  })

  it('is the same for two paths to one home, made or not, and another for another home', () => {
    const home = longPath()
    const link = join(temporaryFolder(), 'link')
    const before = openHome({ flag: home, env: {} }).socket
    mkdirSync(home)
    symlinkSync(dirname(home), link)
    const through = join(link, home.slice(dirname(home).length))
    expect(realpathSync(through)).toBe(realpathSync(home))
    expect(openHome({ flag: home, env: {} }).socket).toBe(before)
    expect(openHome({ flag: through, env: {} }).socket).toBe(before)
    expect(openHome({ flag: `${home}2`, env: {} }).socket).not.toBe(before)
  })

  it('is a named pipe on Windows', () => {
    expect(openHome({ flag: '/h', env: {}, platform: 'win32' }).socket).toMatch(/^\\\\\.\\pipe\\holdfast-[0-9a-f]{24}$/)
  })
})

describe('folders', () => {
  it('are made for nobody else to read; the store of blocks is left to itself', () => {
    const home = openHome({ flag: join(temporaryFolder(), 'new'), env: {} })
    makeHome(home)
    makeHome(home)
    for (const folder of [home.data, home.keys, home.archives]) expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect([existsSync(home.blocks), existsSync(home.config)]).toEqual([false, false])
  })

  it('a socket folder that others may write into is refused', () => {
    const home = openHome({ flag: join(temporaryFolder(), 'x'.repeat(100)), env: {}, platform: 'linux' })
    // A folder of the test's own in place of the shared one.
    const folder = join(temporaryFolder(), 'sockets')
    const moved = { ...home, socket: join(folder, 'x.sock') }
    makeHome(moved)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    chmodSync(folder, 0o777)
    expect(() => makeHome(moved)).toThrow(expect.objectContaining({ code: 'unsafe-folder' }))
    rmSync(folder, { recursive: true })
    symlinkSync(temporaryFolder(), folder)
    expect(() => makeHome(moved)).toThrow(expect.objectContaining({ code: 'unsafe-folder' }))
    onTestFinished(() => rmSync(folder))
  })
})

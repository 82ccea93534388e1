import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SourceEntry } from '@holdfast/dag'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { scanFolder } from '../../src/publishing/source-folder.ts'

describe('the folder that is published', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-source-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))
  const put = (path: string, text = path): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const read = async (entries: AsyncGenerator<SourceEntry>): Promise<Map<string, string>> => {
    const found = new Map<string, string>()
    for await (const entry of entries) {
      if (entry.type === 'directory') found.set(`${entry.path}/`, '')
      else {
        const parts: Uint8Array[] = []
        for await (const part of entry.content()) parts.push(part)
        found.set(entry.path, Buffer.concat(parts).toString())
      }
    }
    return found
  }
  const refusal = async (): Promise<string> =>
    await scanFolder(folder, false).then(
      () => 'taken',
      (error: Error) => error.message,
    )

  it('is taken in the order of its names, empty folders too', async () => {
    for (const path of ['b.txt', 'a/z.txt', 'a.txt', '名單 (2019).md', 'With Space/ü.png', 'README.md', 'readme.md'])
      put(path)
    mkdirSync(join(folder, 'empty'))
    put('zero', '')
    const scanned = await scanFolder(folder, false)
    const found = await read(scanned.entries())
    expect([...found.keys()]).toEqual([
      'README.md',
      'With Space/ü.png',
      'a/z.txt',
      'a.txt',
      'b.txt',
      'empty/',
      'readme.md',
      'zero',
      '名單 (2019).md',
    ])
    expect(found.get('名單 (2019).md')).toBe('名單 (2019).md')
    expect(scanned).toMatchObject({ files: 8, leftOut: [] })
  })

  it('is taken without names that begin with a dot, unless they are asked for', async () => {
    put('.git/config', '[user] email = somebody')
    put('a/.DS_Store')
    put('a/b.txt')
    const scanned = await scanFolder(folder, false)
    expect([...(await read(scanned.entries())).keys()]).toEqual(['a/b.txt'])
    expect(scanned.leftOut).toEqual(['.git', 'a/.DS_Store'])
    const all = await scanFolder(folder, true)
    expect([...(await read(all.entries())).keys()]).toEqual(['.git/config', 'a/.DS_Store', 'a/b.txt'])
  })

  it('is refused with links, sockets and pipes, each by its name', async () => {
    put('fine.txt')
    symlinkSync('/etc/passwd', join(folder, 'link'))
    symlinkSync('.', join(folder, 'loop'))
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(join(folder, 'sock'), resolve))
    const message = await refusal()
    server.close()
    for (const part of ['link: a symbolic link', 'loop: a symbolic link', 'pipe: a named pipe', 'sock: a socket'])
      expect(message).toContain(part)
    expect(message).not.toContain('fine.txt')
  })

  it('is refused with names that cannot be written everywhere', async () => {
    put('a\\b.txt')
    execFileSync(
      'touch',
      [Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0xfe])]) as unknown as string].map(String),
    )
    expect(await refusal()).toContain('backslash')
  })

  // Root reads everything.
  it.skipIf(process.getuid?.() === 0)('is refused with files that cannot be read', async () => {
    put('secret.txt')
    chmodSync(join(folder, 'secret.txt'), 0)
    expect(await refusal()).toContain('secret.txt: cannot be read')
  })

  it('must be there, and be a folder', async () => {
    put('file')
    await expect(scanFolder(join(folder, 'missing'), false)).rejects.toMatchObject({ code: 'no-folder', exitCode: 1 })
    await expect(scanFolder(join(folder, 'file'), false)).rejects.toMatchObject({ code: 'no-folder' })
  })

  it.each([
    ['vanishes', (path: string): void => rmSync(path), 'vanished'],
    ['grows', (path: string): void => writeFileSync(path, 'longer than before'), 'was changed'],
    ['is touched', (path: string): void => utimesSync(path, new Date(1e9), new Date(1e9)), 'was changed'],
    [
      'becomes a link',
      (path: string): void => {
        rmSync(path)
        symlinkSync('/etc/passwd', path)
      },
      'can no longer be read',
    ],
  ])('that %s while it is read is not published', async (_what, change, word) => {
    put('a.txt')
    put('b.txt')
    const scanned = await scanFolder(folder, false)
    change(join(folder, 'b.txt'))
    await expect(read(scanned.entries())).rejects.toMatchObject({ code: 'folder-changed', exitCode: 1 })
    await expect(read(scanned.entries())).rejects.toThrow(`"b.txt" ${word}`)
  })
})

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeFileAtomic } from '../../src/store/atomic-file.ts'
import { temporaryFolder } from './store-fixture.ts'

it('a file is written whole, for nobody else to read unless told otherwise', () => {
  const folder = temporaryFolder()
  const file = join(folder, 'state')
  writeFileAtomic(file, Buffer.from('first'))
  expect(statSync(file).mode & 0o777).toBe(0o600)
  writeFileAtomic(file, Buffer.from('second'), { mode: 0o644 })
  expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['second', 0o644])
  expect(readdirSync(folder)).toEqual(['state'])
})

it('a file that must not be replaced is not, not even by one of equal bytes', () => {
  const folder = temporaryFolder()
  const file = join(folder, 'key')
  writeFileAtomic(file, Buffer.from('first'), { replace: false })
  expect(() => writeFileAtomic(file, Buffer.from('second'), { replace: false })).toThrow(
    expect.objectContaining({ code: 'io' }),
  )
  expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual(['first', ['key']])
})

it('a failure names the file and leaves nothing beside it', () => {
  const folder = temporaryFolder()
  const file = join(folder, 'taken')
  mkdirSync(join(file, 'by a folder'), { recursive: true })
  expect(() => writeFileAtomic(file, Buffer.from('x'))).toThrow(file)
  expect(readdirSync(folder)).toEqual(['taken'])
  writeFileSync(join(folder, 'plain'), '')
  expect(() => writeFileAtomic(join(folder, 'plain', 'x'), Buffer.from('x'))).toThrow(
    expect.objectContaining({ code: 'io' }),
  )
})

import { readdirSync, readFileSync } from 'node:fs'
import { TestWorld } from '@holdfast/testkit'
import { afterAll, describe, expect, it } from 'vitest'

describe('the demo, stopped', () => {
  const world = new TestWorld()
  afterAll(async () => await world.close())

  /** Demo folders that are left, and processes that still use one. */
  const leftovers = (): string[] => {
    const folders = readdirSync(world.folder).filter((name) => name.startsWith('holdfast-demo-'))
    const processes = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(world.folder) && Number(pid) !== process.pid
        } catch {
          return false // It ended while we looked.
        }
      })
    return [...folders, ...processes]
  }

  it('leaves nothing behind when it is interrupted half-way', async () => {
    const demo = world.start(['demo'], { env: { TMPDIR: world.folder } })
    await demo.says('mirrors run as programs of their own')
    const ended = await demo.kill('SIGINT')
    expect(ended.exitCode).toBe(130)
    expect(leftovers()).toEqual([])
  })

  it('takes its programs with it when it is killed', async () => {
    const demo = world.start(['demo'], { env: { TMPDIR: world.folder } })
    await demo.says('mirrors run as programs of their own')
    await demo.kill('SIGKILL')
    await expect.poll(() => leftovers().filter((name) => /^\d+$/.test(name)), { timeout: 20_000 }).toEqual([])
  })
})

import { readdirSync } from 'node:fs'
import { TestWorld } from '@holdfast/testkit'
import { afterAll, describe, expect, it } from 'vitest'

describe('the demo', () => {
  const world = new TestWorld()
  afterAll(async () => await world.close())

  it('runs to its end by itself, and leaves nothing behind', async () => {
    const ended = await world.run(['demo', '--once'], { env: { TMPDIR: world.folder } })
    expect(ended.exitCode, ended.stderr).toBe(0)
    expect(ended.json).toMatchObject({ ok: true })
    expect(ended.stderr).toContain('equal byte for byte')
    expect(ended.stderr.trim().split('\n').length).toBeLessThanOrEqual(14)
    expect(readdirSync(world.folder)).toEqual([])
  })
})

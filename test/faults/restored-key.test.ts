import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { TestWorld, type JsonLine } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

describe('a key that was lost and is restored from paper', () => {
  const world = new TestWorld()
  let made: JsonLine
  let words: string
  beforeAll(async () => {
    made = await world.done(['keygen', '--words'], { home: world.path('home') })
    words = String(made['words'])
    writeFileSync(world.path('paper'), `${words}\n`)
  })
  afterAll(async () => await world.close())

  const restore = async (file: string, home = 'restored', args: string[] = []): ReturnType<TestWorld['run']> =>
    await world.run(['keygen', '--restore', '--words-file', world.path(file), ...args], {
      home: world.path(home),
      env: { HOLDFAST_PASSPHRASE: 'another one' },
    })

  it('is the same key, under a new passphrase, and signs for its archive', async () => {
    const home = world.path('home')
    const { address } = await world.done(['init', '--name', 'An archive'], { home })
    const restored = await restore('paper')
    expect(restored.json).toMatchObject({ publicKey: made['publicKey'] })
    expect(restored.json).not.toHaveProperty('words')
    const key = ['--key', String(restored.json['file'])]
    mkdirSync(world.path('content'))
    writeFileSync(world.path('content', 'a.txt'), 'a')
    const args = ['-m', 'One', '--wait', '0', '--archive', String(address), ...key]
    const env = { HOLDFAST_PASSPHRASE: 'another one' }
    const published = await world.run(['publish', world.path('content'), ...args], { home, env })
    expect(published.json, published.stderr).toMatchObject({ release: 1 })
  })

  it('never takes the place of a key file', async () => {
    const before = readFileSync(String(made['file']))
    expect(await restore('paper', 'home')).toMatchObject({ exitCode: 1, error: { code: 'exists' } })
    expect(readFileSync(String(made['file']))).toEqual(before)
  })

  it('is not restored from mistyped words, of which none is shown', async () => {
    writeFileSync(world.path('mistyped'), words.split(' ').with(6, 'zzyzx').join(' '))
    const ended = await restore('mistyped', 'other', ['--verbose'])
    expect(ended).toMatchObject({ exitCode: 1, error: { code: 'bad-words' } })
    expect(ended.error['message']).toContain('word 7 is')
    expect(ended.stderr + ended.stdout).not.toContain('zzyzx')
    // Two together: a single one of the list may well be in a sentence of ours.
    const pairs = words.split(' ').map((word, at, all) => `${word} ${all[at + 1]}`)
    for (const pair of pairs) expect(ended.stderr + ended.stdout).not.toContain(pair)
  })

  it('shows its words to people, and in JSON only when they are asked for', async () => {
    const plain = await world.run(['keygen'], { home: world.path('plain'), plain: true })
    expect(plain.stdout).toMatch(/ 1\. \w+ [^]* 24\. \w+\n$/)
    expect(plain.stderr).toBe('')
    expect(await world.done(['keygen'], { home: world.path('json') })).not.toHaveProperty('words')
  })
})

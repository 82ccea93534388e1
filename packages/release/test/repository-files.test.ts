/** The names under which TUF clients ask for what is held (TUF 6.2). */
import { Publisher } from '@holdfast/testkit'
import { expect, it } from 'vitest'
import { repositoryFiles } from '../src/index.ts'

it('each file stands under its version, the timestamp under none', async () => {
  const alice = await Publisher.create()
  expect([...repositoryFiles(alice.state).keys()]).toEqual(['1.root.json'])
  await alice.release('one')
  await alice.release('two')
  await alice.rotate(alice.signers)
  await alice.renew()
  const { state } = alice
  const files = repositoryFiles(state)
  const names = ['1.root.json', '2.root.json', 'timestamp.json', '2.targets.json']
  expect([...files.keys()]).toEqual(expect.arrayContaining([...names, expect.stringMatching(/^\d+\.snapshot\.json$/)]))
  expect(files.size).toBe(5)
  expect(files.get('2.root.json')).toBe(state.roots[1])
  expect(files.get('timestamp.json')).toBe(state.timestamp)
  expect(files.get('2.targets.json')).toBe(state.targets)
})

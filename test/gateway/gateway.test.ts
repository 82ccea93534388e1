/** The gateway as a whole: its page, its prefix, and what no answer says. */
import { describe, expect, it } from 'vitest'
import { createGateway } from '../../src/gateway/gateway.ts'
import { holdTree, HeldBlocks, noArchives } from './held-content.ts'

it('shows an ordinary page that names nobody', async () => {
  const { gateway } = await holdTree({})
  const answer = await gateway.request('/')
  expect(answer.status).toBe(200)
  expect([...answer.headers]).toEqual([
    ['content-length', '45'],
    ['content-type', 'text/html'],
  ])
  expect(await answer.text()).toBe('<html><body><h1>It works!</h1></body></html>\n')
})

describe('under a secret prefix', () => {
  it('answers there and nowhere else', async () => {
    const { gateway, root } = await holdTree({ 'a.txt': 'one' }, '/a1b2/c3')
    const path = `/ipfs/${root.toString()}/a.txt?format=car`
    const inside = await gateway.request(`/a1b2/c3${path}`)
    expect(inside.status).toBe(200)
    expect(inside.headers.get('x-ipfs-path')).toBe(`/ipfs/${root.toString()}/a.txt`)
    expect((await gateway.request('/a1b2/c3/archives')).status).toBe(200)
    expect((await gateway.request('/a1b2/c3/blocks', { method: 'POST' })).status).toBe(415)
    for (const outside of [path, '/', '/archives', '/blocks', '/a1b2', '/a1b2/c3x/archives', `/a1b2/c4${path}`]) {
      const answer = await gateway.request(outside)
      expect(answer.status, outside).toBe(404)
      expect(await answer.text()).toBe('Not found\n')
    }
  })

  it.each(['secret', '/a/', '/', '/a b', '/*', '/:a', '/a//b'])('%s is no prefix', (prefix) => {
    expect(() => createGateway({ blocks: new HeldBlocks(), archives: noArchives() }, { prefix })).toThrow(TypeError)
  })
})

/** Server-side request forgery: a stranger's URL must not make the program speak to its own machine or network. */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { readSmallBody } from '../src/carrier/carrier.ts'
import { UrlCarrier } from '../src/index.ts'
import { guardedLookup } from '../src/name-lookup.ts'

/** A port of loopback, and how often somebody came. */
async function watchedPort(): Promise<{ port: number; visits: () => number }> {
  let visits = 0
  const server = createServer((socket) => {
    visits++
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhere')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, visits: () => visits }
}

it.each(['localhost', '127.0.0.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0'])(
  'a link that leads to %s reaches nobody',
  async (host) => {
    const { port, visits } = await watchedPort()
    const carrier = new UrlCarrier(new URL(`http://${host}:${port}/secret/`), false)
    await expect(carrier.request({ path: 'x' })).rejects.toMatchObject({ code: 'private-address' })
    expect(visits()).toBe(0)
  },
)

it('by hand it does', async () => {
  const { port, visits } = await watchedPort()
  const carrier = new UrlCarrier(new URL(`http://localhost:${port}/secret/`), true)
  const { body } = await carrier.request({ path: 'x' })
  expect(String(await readSmallBody('peer', body, 10))).toBe('here')
  expect(visits()).toBe(1)
  carrier.close()
})

it('a name that does not exist is not there', async () => {
  const carrier = new UrlCarrier(new URL('http://no-such-name.invalid/'), false)
  await expect(carrier.request({ path: 'x' })).rejects.toMatchObject({ code: 'unreachable' })
})

it('a lookup answers as it was asked, with one address or all', async () => {
  expect(await look(false)).toEqual([null, '127.0.0.1', 4])
  expect(await look(true)).toEqual([null, [{ address: '127.0.0.1', family: 4 }]])
})

async function look(all: boolean): Promise<unknown[]> {
  return await new Promise((resolve) => {
    guardedLookup(() => true)('localhost', { all, family: 4 }, (...answer) => resolve(answer))
  })
}

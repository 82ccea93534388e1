/** Mirrors that answer with garbage, without end, or with blocks that are not what was asked for. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { randomBytes } from 'node:crypto'
import { TestWorld, type TestMirror } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const garbage: RequestListener = (_request, response) => void response.end('garbage')

describe('a mirror that lies', () => {
  const world = new TestWorld()
  const servers: Server[] = []
  let address: string
  let mirror: TestMirror

  beforeAll(async () => {
    const maintainer = await world.maintainer()
    ;({ address } = maintainer)
    mirror = await world.mirror('mirror', [maintainer.link])
    mkdirSync(world.path('content'))
    for (let i = 0; i < 5; i++) writeFileSync(world.path('content', `${i}.bin`), randomBytes(100_000))
    await world.done(['publish', world.path('content'), '-m', 'One', '--to', mirror.hint], { home: maintainer.home })
  })

  afterAll(async () => {
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
    await world.close()
  })

  const liar = async (answer: RequestListener): Promise<string> => {
    const server = createServer(answer)
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }

  /** Passes on what the honest mirror says, but changes the bytes of blocks. */
  const corrupting: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      void (async () => {
        const body = request.method === 'POST' ? { body: Buffer.concat(chunks) } : {}
        const type = request.headers['content-type']
        const answer = await fetch(mirror.gateway + (request.url ?? ''), {
          method: request.method ?? 'GET',
          headers: { accept: request.headers.accept ?? '*/*', ...(type !== undefined && { 'content-type': type }) },
          ...body,
        })
        const bytes = Buffer.from(await answer.arrayBuffer())
        const isBlocks = request.url?.includes('/blocks') === true || request.url?.includes('/ipfs/') === true
        if (isBlocks && bytes.length > 200) bytes.writeUInt8(bytes.readUInt8(bytes.length - 50) ^ 1, bytes.length - 50)
        response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
        response.end(bytes)
      })()
    })
  }

  const endless: RequestListener = (_request, response) => {
    response.writeHead(200)
    const chunk = Buffer.alloc(65_536, 0x7b)
    const more = (): void => {
      while (!response.destroyed && response.write(chunk));
      response.once('drain', more)
    }
    more()
  }

  it.each([
    ['garbage', garbage],
    ['data without end', endless],
    ['other blocks', corrupting],
  ])('with %s ends with 4 and leaves nothing', async (_name, answer) => {
    const output = world.path('out')
    const ended = await world.run(['get', address, '--from', await liar(answer), '-o', output], {
      home: world.path('reader'),
    })
    expect(ended.exitCode, ended.stderr).toBe(4)
    expect(ended.error['message']).toMatch(/127\.0\.0\.1/)
    expect(existsSync(output)).toBe(false)
    expect(readdirSync(world.folder).filter((name) => name.includes('unfinished'))).toEqual([])
  })

  it.each([
    ['garbage', garbage],
    ['other blocks', corrupting],
  ])('with %s does no harm beside an honest one', async (name, answer) => {
    const output = world.path(`beside ${name}`)
    const got = await world.done(['get', address, '--from', await liar(answer), '--from', mirror.hint, '-o', output], {
      home: world.path('reader-2'),
    })
    expect(got).toMatchObject({ release: 1, files: 5, size: 500_000 })
  })
})

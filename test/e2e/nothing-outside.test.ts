/** Default reach: mirror, publish and get dial those named by links and by hand, and nobody else; nothing is looked up. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { TestWorld } from '@holdfast/testkit'
import { afterAll, describe, expect, it } from 'vitest'

/** Loaded before the program: writes down every socket that is connected, every datagram, every name looked up. */
const WATCH = `data:text/javascript,${encodeURIComponent(`
  import { appendFileSync } from 'node:fs'
  import net from 'node:net'
  import dgram from 'node:dgram'
  import dns from 'node:dns'
  import { syncBuiltinESMExports } from 'node:module'
  const write = (what) => appendFileSync(process.env.WATCHED, what + '\\n')
  const { connect } = net.Socket.prototype
  net.Socket.prototype.connect = function (...args) {
    const [first] = Array.isArray(args[0]) ? args[0] : args
    if (typeof first === 'object' && first.path === undefined) write('tcp ' + (first.host ?? 'localhost') + ' ' + first.port)
    return connect.apply(this, args)
  }
  const { send } = dgram.Socket.prototype
  dgram.Socket.prototype.send = function (...args) {
    write('udp ' + args.filter((one) => typeof one === 'string').join(' '))
    return send.apply(this, args)
  }
  for (const owner of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype]) {
    for (const name of Object.getOwnPropertyNames(owner).filter((one) => /^(lookup|resolve|reverse)/.test(one))) {
      const original = owner[name]
      owner[name] = function (...args) {
        if (!net.isIP(String(args[0]))) write('name ' + args[0])
        return original.apply(this, args)
      }
    }
  }
  syncBuiltinESMExports()
`)}`

describe('with the default reach', () => {
  const world = new TestWorld()
  afterAll(async () => await world.close())

  it('nobody is dialled but those who were named', async () => {
    const watched = (name: string): { imports: string[]; env: NodeJS.ProcessEnv } => ({
      imports: [WATCH],
      env: { WATCHED: world.path(`${name}.watched`) },
    })
    const { home, link } = await world.maintainer()
    mkdirSync(world.path('content'))
    writeFileSync(world.path('content', 'a.txt'), 'a')
    const one = await world.mirror('one', [link], watched('one'))
    const two = await world.mirror('two', [link, '--from', one.hint], watched('two'))
    await world.done(['publish', world.path('content'), '-m', 'One', '--to', one.hint, '--wait', '2'], {
      home,
      ...watched('publish'),
    })
    await two.program.event('served', 1)
    const { link: handedOut } = await world.done(['link', '--via', two.hint], { home })
    await world.done(['get', String(handedOut), '--allow-private', '-o', world.path('out')], {
      home: world.path('reader'),
      ...watched('get'),
    })
    await one.program.kill('SIGTERM')
    await two.program.kill('SIGTERM')

    const lines = ['one', 'two', 'publish', 'get'].flatMap((name) => {
      const file = world.path(`${name}.watched`)
      return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
    })
    const ports = [one, two].flatMap(({ hint, gateway }) => [hint.split('/')[4], new URL(gateway).port])
    const allowed = new Set(ports.map((port) => `tcp 127.0.0.1 ${port}`))
    expect(lines.length).toBeGreaterThan(2)
    expect(lines.filter((line) => !allowed.has(line))).toEqual([])
  })
})

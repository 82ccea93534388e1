/** `?wait=`: answered at the change, at the end of the time, or at once; never more at a time than the limit. */
import { Publisher } from '@holdfast/testkit'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts'
import { MAX_WAITING, MAX_WAIT_SECONDS } from '../../src/gateway/limits.ts'
import { parseWait } from '../../src/gateway/long-poll.ts'
import { FollowedArchives } from './followed-archives.ts'
import { HeldBlocks } from './held-content.ts'

let alice: Publisher
let archives: FollowedArchives
let gateway: Gateway

beforeEach(async () => {
  alice = await Publisher.create()
  await alice.release('one')
  archives = new FollowedArchives()
  await archives.hold(alice.state)
  gateway = createGateway({ blocks: new HeldBlocks(), archives })
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return Promise.resolve(gateway.request(`/archives/${alice.address}/${path}`, init))
}

describe('an announcement', () => {
  it('comes when a later release is verified', async () => {
    const answer = ask('announcement?wait=30&after=1')
    await vi.waitUntil(() => archives.waiting === 1)
    await alice.release('two')
    await archives.hold(alice.state, false)
    expect(new Uint8Array(await (await answer).arrayBuffer())).toEqual(alice.bytes())
    expect(archives.waiting).toBe(0)
  })

  it('does not come for a renewed timestamp, unless the client says which bytes it has', async () => {
    const etag = (await ask('announcement')).headers.get('etag') as string
    const headers = { 'if-none-match': etag }
    let later = false
    const patient = ask('announcement?wait=30&after=1').finally(() => (later = true))
    const exact = ask('announcement?wait=30&after=1', { headers })
    const byBytesAlone = ask('announcement?wait=30', { headers })
    await vi.waitUntil(() => archives.waiting === 3)
    await alice.renew()
    await archives.hold(alice.state)
    expect((await exact).status).toBe(200)
    expect((await byBytesAlone).status).toBe(200)
    expect(later).toBe(false)
    await vi.advanceTimersByTimeAsync(30_000)
    expect((await patient).status).toBe(200)
  })

  it('comes as it is when the time is up: 200, or 304 to who has it', async () => {
    const etag = (await ask('announcement')).headers.get('etag') as string
    const plain = ask('announcement?wait=20&after=1')
    const known = ask('announcement?wait=20&after=1', { headers: { 'if-none-match': etag } })
    await vi.advanceTimersByTimeAsync(20_000)
    expect((await plain).status).toBe(200)
    expect((await known).status).toBe(304)
    expect(archives.waiting).toBe(0)
  })

  it('comes at once when it is later already', async () => {
    expect((await ask('announcement?wait=30&after=0')).status).toBe(200)
    expect((await ask('announcement?wait=30')).status).toBe(200)
  })

  it('is waited for before the first release, and is 404 when the archive is forgotten', async () => {
    const bob = await Publisher.create({ seed: 2 })
    await archives.hold(bob.state)
    const answer = gateway.request(`/archives/${bob.address}/announcement?wait=30&after=0`)
    await vi.waitUntil(() => archives.waiting === 1)
    archives.forget(bob.address)
    expect((await answer).status).toBe(404)
  })
})

describe('a head', () => {
  it('comes when the release is held whole', async () => {
    const answer = ask('head?wait=30&served=2')
    await vi.waitUntil(() => archives.waiting === 1)
    await alice.release('two')
    await archives.hold(alice.state, false)
    await vi.waitUntil(() => archives.waiting === 1)
    await archives.hold(alice.state)
    expect(await (await answer).json()).toMatchObject({ verified: 2, served: 2 })
  })

  it('comes as it is when the time is up', async () => {
    const answer = ask('head?wait=5&served=9')
    await vi.advanceTimersByTimeAsync(5000)
    expect(await (await answer).json()).toMatchObject({ served: 1 })
  })
})

describe('limits', () => {
  it('nobody waits longer than the limit', async () => {
    expect(parseWait('999999999')).toBe(MAX_WAIT_SECONDS)
    const answer = ask('head?wait=999999&served=9')
    await vi.advanceTimersByTimeAsync(MAX_WAIT_SECONDS * 1000)
    expect((await answer).status).toBe(200)
  })

  it('whoever comes when too many wait is answered at once', async () => {
    const waiting = Array.from({ length: MAX_WAITING }, () => ask('head?wait=50&served=9'))
    await vi.waitUntil(() => archives.waiting === MAX_WAITING)
    expect((await ask('head?wait=50&served=9')).status).toBe(200)
    expect((await ask('announcement?wait=50&after=9')).status).toBe(200)
    expect(archives.waiting).toBe(MAX_WAITING)
    await vi.advanceTimersByTimeAsync(50_000)
    await Promise.all(waiting)
    expect(archives.waiting).toBe(0)
    // Every place is free again.
    const next = ask('head?wait=50&served=9')
    await vi.waitUntil(() => archives.waiting === 1)
    await vi.advanceTimersByTimeAsync(50_000)
    await next
  })

  it('a place is free again when its client goes away', async () => {
    const client = new AbortController()
    const answer = ask('head?wait=50&served=9', { signal: client.signal })
    await vi.waitUntil(() => archives.waiting === 1)
    client.abort()
    await answer
    expect(archives.waiting).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([
    'announcement?wait=x',
    'announcement?wait=-1',
    'announcement?wait=1&after=x',
    'head?wait=',
    'head?wait=1&served=1.5',
  ])('%s is 400', async (path) => {
    expect((await ask(path)).status).toBe(400)
  })
})

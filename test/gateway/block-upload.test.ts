/** POST /archives/{a}/blocks: the body reaches the receiver in pieces, bounded; its refusals reach the sender. */
import { Publisher } from '@holdfast/testkit'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { UploadError } from '../../src/gateway/context.ts'
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts'
import { BODY_STALL_MS, MAX_UPLOAD_BYTES } from '../../src/gateway/limits.ts'
import { FollowedArchives } from './followed-archives.ts'
import { gather, HeldBlocks } from './held-content.ts'

/** Bytes have no type of their own, as strings have. */
const BODY = new Uint8Array(1)

let alice: Publisher
let archives: FollowedArchives
let gateway: Gateway
let reported: unknown[]

beforeEach(async () => {
  alice = await Publisher.create()
  archives = new FollowedArchives()
  await archives.hold(alice.state)
  reported = []
  gateway = createGateway({ blocks: new HeldBlocks(), archives }, { report: (cause) => reported.push(cause) })
})

afterEach(() => {
  vi.useRealTimers()
})

type Body = Uint8Array<ArrayBuffer> | ReadableStream

function upload(body: Body, init: RequestInit = {}): Promise<Response> {
  const request = { method: 'POST', body, duplex: 'half', ...init } as RequestInit
  return Promise.resolve(gateway.request(`/archives/${alice.address}/blocks`, request, { peer: 'sender' }))
}

/** A body that gives some pieces and then what `then` does. */
function bodyOf(pieces: string[], then: (controller: ReadableStreamDefaultController) => unknown): ReadableStream {
  const left = pieces.map((piece) => new TextEncoder().encode(piece))
  return new ReadableStream(
    {
      pull(controller) {
        const piece = left.shift()
        if (piece !== undefined) controller.enqueue(piece)
        return piece === undefined ? (then(controller) as Promise<void>) : undefined
      },
    },
    { highWaterMark: 0 },
  )
}

/** A body that fails whoever reads it. */
function unread(): ReadableStream {
  return bodyOf([], () => Promise.reject(new Error('read')))
}

it('hands the body over in pieces and says what was stored', async () => {
  const answer = await upload(bodyOf(['one', 'two'], (controller) => controller.close()))
  expect(answer.status).toBe(200)
  expect(await answer.json()).toEqual({ stored: 2 })
  expect(archives.askers).toEqual(['sender'])
})

it.each([400, 403, 409, 413, 422, 429, 507] as const)('a refusal with %i reaches the sender', async (status) => {
  archives.receive = () => Promise.reject(new UploadError(status, 'not of a verified release'))
  const answer = await upload(BODY)
  expect(answer.status).toBe(status)
  expect(await answer.json()).toEqual({ reason: 'not of a verified release' })
})

it('a receiver that stops early stops the reading', async () => {
  let cancelled = false
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(9)),
    cancel: () => void (cancelled = true),
  })
  archives.receive = async (car) => {
    for await (const _ of car) throw new UploadError(507, 'the quota is used up')
    return 0
  }
  expect((await upload(body)).status).toBe(507)
  expect(cancelled).toBe(true)
})

it('a failure of ours is 500 and reported', async () => {
  const failure = new Error('EIO: /home/alice/store')
  archives.receive = () => Promise.reject(failure)
  const answer = await upload(BODY)
  expect(answer.status).toBe(500)
  expect(await answer.text()).toBe('Something went wrong\n')
  expect(reported).toEqual([failure])
})

it('silence ends it with 408', async () => {
  vi.useFakeTimers()
  const answer = upload(bodyOf(['one'], () => new Promise(() => {})))
  await vi.advanceTimersByTimeAsync(BODY_STALL_MS)
  expect((await answer).status).toBe(408)
  expect(vi.getTimerCount()).toBe(0)
})

it('a sender that goes away ends it, and nothing is reported', async () => {
  const client = new AbortController()
  let seen: unknown = null
  archives.receive = async (car) => {
    await gather(car).catch((error: unknown) => (seen = error))
    throw seen
  }
  await upload(
    bodyOf(['one'], () => client.abort()),
    { signal: client.signal },
  )
  expect(seen).toMatchObject({ failure: 'gone' })
  expect(reported).toEqual([])
})

it('a body that breaks off is the sender’s failure', async () => {
  const answer = await upload(bodyOf(['one'], (controller) => controller.error(new Error('reset'))))
  expect(answer.status).toBe(408)
  expect(reported).toEqual([])
})

it('is refused unread: too large, of another type, for an archive that is not followed', async () => {
  archives.receive = () => Promise.reject(new Error('called'))
  const large = await upload(unread(), { headers: { 'content-length': String(MAX_UPLOAD_BYTES + 1) } })
  expect(large.status).toBe(413)
  expect((await upload(unread(), { headers: { 'content-type': 'text/plain' } })).status).toBe(415)
  archives.forget(alice.address)
  expect((await upload(unread())).status).toBe(404)
  expect(reported).toEqual([])
})

it.each(['application/vnd.ipld.car', 'Application/vnd.ipld.car; version=1', 'application/octet-stream'])(
  '%s is taken',
  async (type) => {
    expect((await upload(BODY, { headers: { 'content-type': type } })).status).toBe(200)
  },
)

/** Redirections, which could lead bytes and proofs to another server: on Node.js nothing follows them. */
import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { test } from 'node:test'
import { httpTransport } from '../../src/client/node/http-transport.ts'
import { upload } from '../../src/client/node/main.ts'
import type { Slot } from '../../src/client/slot.ts'
import type { UploadEvent } from '../../src/client/upload-event.ts'
import { localServer } from './local-server.ts'

/** Takes whatever comes. */
const taking: RequestListener = (asked, response) => {
  asked.resume().once('end', () => response.writeHead(201).end())
}

/** Where a server sends its clients: to another server, or to another place of its own. */
const PLACES = ['another server', 'its own'] as const

const METHODS = ['OPTIONS', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

for (const status of [301, 302, 303, 307, 308]) {
  for (const place of PLACES) {
    test(`${status} to a place of ${place} is an answer: no request of any method goes there`, async () => {
      await using elsewhere = await localServer(taking)
      const base = place === 'its own' ? '/' : elsewhere.url
      await using here = await localServer((asked, response) => {
        const redirect = { location: `${base}other` }
        asked.resume().once('end', () => response.writeHead(status, redirect).end())
      })
      const transport = httpTransport()
      for (const method of METHODS) {
        const body = method === 'PUT' || method === 'PATCH' ? { body: new Blob(['film']) } : {}
        const headers = { Authorization: 'Bearer abc', 'X-Session-ID': 'one' }
        const signal = AbortSignal.timeout(10_000)
        const url = `${here.url}slot`
        const answer = await transport({ method, url, headers, signal, ...body })
        assert.equal(answer.status, status)
        assert.equal(answer.headers.get('location'), `${base}other`)
      }
      assert.deepEqual(
        here.requests,
        METHODS.map((method) => `${method} /slot`),
      )
      assert.deepEqual(elsewhere.requests, [])
    })
  }
}

/** What an upload asks, and in which of these requests it is sent elsewhere. */
const REQUESTS = {
  creation: 'PUT /up/a/film.mp4',
  append: 'PATCH /-/uploads/a',
  question: 'HEAD /-/uploads/a',
} as const

/** Too long for one request. */
const FILM = new Blob([new Uint8Array(300_000)])

/** Takes uploads that never stand where they were thought to, and answers one request by a redirection. */
function redirecting(redirected: string, status: number, location: string): RequestListener {
  return (asked, response) => {
    const line = `${asked.method} ${asked.url}`
    asked.resume().once('end', () => {
      if (line === redirected) {
        response.writeHead(status, { location }).end()
      } else if (asked.method === 'OPTIONS') {
        response.writeHead(200, { 'x-resume': 'rufh' }).end()
      } else if (asked.method === 'PUT') {
        const session = { 'x-session-id': 'one', 'x-session-key': 'k'.repeat(43) }
        response.writeHead(201, { location: '/-/uploads/a', ...session }).end()
      } else {
        // Stands elsewhere: the upload asks where.
        response.writeHead(409).end()
      }
    })
  }
}

function slotAt(url: string): Slot {
  const headers = { Authorization: 'Bearer abc' }
  return { put: `${url}up/a/film.mp4`, get: `${url}f`, headers }
}

for (const status of [302, 307]) {
  test(`an upload whose creation is answered by ${status} to another server ends there, with that status`, async () => {
    await using elsewhere = await localServer(taking)
    const listener = redirecting(REQUESTS.creation, status, `${elsewhere.url}evil`)
    await using here = await localServer(listener)
    const expected = {
      name: 'UploadError',
      code: 'refused',
      status,
      message: `The server answered ${status}`,
    }
    const transport = httpTransport()
    await assert.rejects(upload(FILM, slotAt(here.url), { transport }), expected)
    assert.equal(here.requests.at(-1), REQUESTS.creation)
    assert.deepEqual(elsewhere.requests, [])
  })

  for (const words of ['append', 'question'] as const) {
    test(`an upload whose ${words} is answered by ${status} to another server sends nothing there, and tries again`, async () => {
      await using elsewhere = await localServer(taking)
      const listener = redirecting(REQUESTS[words], status, `${elsewhere.url}evil`)
      await using here = await localServer(listener)
      const giving = new AbortController()
      const told: string[] = []
      function onEvent(event: UploadEvent): void {
        if (event.kind !== 'lost') return
        told.push(String(event.reason))
        if (told.length === 3) giving.abort(new Error('enough'))
      }
      const options = { transport: httpTransport(), signal: giving.signal, onEvent }
      await assert.rejects(upload(FILM, slotAt(here.url), options), /enough/u)
      assert.ok(told.includes(`UploadError: The server answered ${status}`), String(told))
      assert.deepEqual(elsewhere.requests, [])
    })
  }
}

test('a server that redirects the question what it speaks gets the file in one PUT, itself', async () => {
  await using elsewhere = await localServer(taking)
  await using here = await localServer((asked, response) => {
    const redirect = { location: `${elsewhere.url}evil` }
    asked.resume().once('end', () => {
      if (asked.method === 'OPTIONS') response.writeHead(307, redirect).end()
      else response.writeHead(201).end()
    })
  })
  const slot = { put: `${here.url}up/a/film.mp4`, get: `${here.url}f` }
  await upload(FILM, slot, { transport: httpTransport() })
  assert.deepEqual(here.requests, ['OPTIONS /up/a/film.mp4', 'PUT /up/a/film.mp4'])
  assert.deepEqual(elsewhere.requests, [])
})

test('whoever redirects a body may not have read it: the next request has a connection of its own', async () => {
  await using here = await localServer((asked, response) => {
    if (asked.method === 'PUT') response.writeHead(307, { location: '/other' }).end()
    else taking(asked, response)
  })
  const transport = httpTransport()
  const { signal } = new AbortController()
  const request = { url: `${here.url}slot`, headers: {}, signal }
  await transport({ ...request, method: 'PUT', body: new Blob(['film']) })
  await transport({ ...request, method: 'HEAD' })
  assert.equal(here.connections, 2)
})

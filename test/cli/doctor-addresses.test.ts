import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import test from 'node:test'
import { type Direct, direct, doctor, partOf } from './doctor-run.ts'
import { type Wrongs, startWrongProxy } from './wrong-proxy.ts'

const [FIRST, SECOND] = ['127.0.0.1', '127.0.0.3']
const BOTH = ['--address', FIRST, '--address', SECOND]

/** A server by the name of this machine, at these of its addresses. */
async function serverAt(...addresses: readonly string[]): Promise<Direct> {
  return await direct([], { host: 'localhost', addresses })
}

test('of two addresses both are tried, and what begins at one goes on at the other', async () => {
  await using place = await serverAt(FIRST, SECOND)
  const { code, out } = await doctor(place.site.folder, [...place.set, ...BOTH])
  assert.equal(code, 0, out)
  assert.match(partOf(out, 'names'), /^ok.*2 addresses: 127\.0\.0\.1, 127\.0\.0\.3/u)
  for (const name of ['reach', 'addresses', 'same-server']) {
    assert.match(partOf(out, name), /^ok.*127\.0\.0\.1, 127\.0\.0\.3/u)
  }
  assert.match(partOf(out, 'resume'), /^ok.*\(at 127\.0\.0\.3, after 127\.0\.0\.1\)/u)
  assert.match(partOf(out, 'takeover'), /^ok.* at 127\.0\.0\.3 as well as at 127\.0\.0\.1/u)
})

test('an address of localhost at which nothing listens is no mistake, but not called tried', async () => {
  await using place = await serverAt(FIRST)
  const kinds = ['--address', FIRST, '--address', '::1']
  const { code, out } = await doctor(place.site.folder, [...place.set, ...kinds])
  assert.equal(code, 0, out)
  assert.match(partOf(out, 'reach'), /^note.*127\.0\.0\.1; nothing listens.*\(::1: ECONNREFUSED\)/u)
  assert.match(partOf(out, 'addresses'), /^skipped.*of 2 addresses one can be tried/u)
})

test('where some addresses are tried and others are not, those that are not are told', async () => {
  await using place = await serverAt(FIRST, SECOND)
  const { code, out } = await doctor(place.site.folder, [...place.set, ...BOTH, '--address', '::1'])
  assert.equal(code, 0, out)
  assert.match(partOf(out, 'addresses'), /^skipped.*127\.0\.0\.3; from here .* no way to ::1/u)
  assert.doesNotMatch(out, /All is well/u)
})

test('a second address at which nothing listens is found', async () => {
  await using place = await serverAt(FIRST)
  const { code, out } = await doctor(place.site.folder, [...place.set, ...BOTH])
  assert.equal(code, 1)
  assert.match(partOf(out, 'reach'), /^failed.*\(127\.0\.0\.3: ECONNREFUSED\)[^]*ss -ltn/u)
  assert.match(partOf(out, 'upload'), /^skipped.*needs reach, which failed/u)
})

test('a second address at which somebody else answers is found', async () => {
  await using place = await serverAt(FIRST)
  await using other = createServer((_request, response) => response.writeHead(404).end())
  await once(other.listen(place.port, SECOND), 'listening')
  const { code, out } = await doctor(place.site.folder, [...place.set, ...BOTH])
  assert.equal(code, 1)
  assert.match(
    partOf(out, 'addresses'),
    /^failed.*at 127\.0\.0\.3 .*\(404 answers\)[^]*listen 443 ssl;[^]*IN A 127\.0\.0\.3/u,
  )
})

test('a second address that ends connections unanswered is found', async () => {
  await using place = await serverAt(FIRST)
  await using other = createServer((request) => request.socket.destroy())
  await once(other.listen(place.port, SECOND), 'listening')
  const { out } = await doctor(place.site.folder, [...place.set, ...BOTH])
  assert.match(partOf(out, 'addresses'), /^failed.*at 127\.0\.0\.3 .*\(ECONNRESET\)/u)
})

/** What is wrong at the second address only, and which check finds it. */
const WRONGS: readonly {
  readonly what: string
  readonly wrongs: Wrongs
  readonly found: string
}[] = [
  { what: 'keeps bodies back', wrongs: { buffers: () => true }, found: 'streaming' },
  {
    what: 'takes small bodies only',
    wrongs: {
      answers: ({ headers }) => (Number(headers['content-length']) > 2 ** 20 ? 413 : undefined),
    },
    found: 'body-limit',
  },
  {
    what: 'takes Range away',
    wrongs: { asked: ({ range: _range, ...headers }) => headers },
    found: 'range',
  },
  {
    what: 'answers OPTIONS itself',
    wrongs: { answers: ({ method }) => (method === 'OPTIONS' ? 204 : undefined) },
    found: 'cors',
  },
]

for (const { what, wrongs, found } of WRONGS) {
  test(`a proxy that ${what} at the second address only is found there`, async () => {
    await using place = await serverAt(FIRST)
    const { port } = place
    await using _proxy = await startWrongProxy(() => port, wrongs, { port, host: SECOND })
    const { code, out } = await doctor(place.site.folder, [...place.set, ...BOTH])
    assert.equal(code, 1, out)
    const [first] = /^failed +\S+ .*/mu.exec(out) ?? []
    assert.match(first ?? '', new RegExp(`^failed +${found} +at 127\\.0\\.0\\.3: `, 'u'))
  })
}

test('a server of IPv6 that nobody asks for by DNS is tried by --address', async () => {
  await using place = await serverAt('[::1]')
  const { code, out } = await doctor(place.site.folder, [...place.set, '--address', '::1'])
  assert.equal(code, 0, out)
  assert.match(partOf(out, 'reach'), /^ok.* of ::1/u)
  assert.match(partOf(out, 'addresses'), /^note.*the host has one address: ::1/u)
  assert.match(partOf(out, 'same-server'), /^ok.*6 connections, to ::1/u)
})

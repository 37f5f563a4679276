import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Refusal } from '../../src/core/refusals.ts'
import type { Handler } from '../../src/http/exchange.ts'
import { listed } from './lane-fuzz/choices.ts'
import { type Running, rawClient, serve } from './server-fixture.ts'

/** Tells what it got of a request; by path it does so in every way that an answer can be given. */
const tell: Handler = async (exchange) => {
  const { target, method, headers, contentLength } = exchange
  if (target.rawPath === 'refused') throw new Refusal('slot-conflict')
  if (target.rawPath === 'thrown') throw new Error('a bug')
  if (target.rawPath === 'nothing') return exchange.reply({ status: 204, headers: { 'x-a': 'b' } })
  const pieces: Buffer[] = []
  const unread = target.rawPath === 'unread'
  const ending = unread
    ? 'unread'
    : await exchange.body.pump((batch) => {
        // The buffers are lent for the call.
        for (const piece of batch) pieces.push(Buffer.from(piece))
        return target.rawPath === 'slow'
          ? new Promise((resolve) => setImmediate(resolve))
          : undefined
      })
  const body = Buffer.concat(pieces).toString('latin1')
  const said = { method, target: target.rawPath, query: target.query.get('q'), ending, body }
  const text = JSON.stringify({ ...said, contentLength, accept: headers.accept ?? null })
  if (target.rawPath !== 'pieces') return exchange.reply({ status: 200, body: text })
  exchange.begin(200, { 'content-length': text.length })
  if (method === 'HEAD') return await exchange.write(Buffer.alloc(0), true)
  await exchange.write(Buffer.from(text.slice(0, 9)), false)
  await exchange.write(Buffer.from(text.slice(9)), true)
}

/** One request as bytes, and how its answer is to be read. */
interface Sent {
  readonly bytes: Buffer
  readonly method: string
}

const SENDERS = ['PUT', 'PATCH', 'POST'] as const
const METHODS = [...SENDERS, 'GET', 'HEAD', 'DELETE', 'OPTIONS'] as const

const paths = fc.constantFrom('a', 'slow', 'refused', 'thrown', 'nothing', 'a%20b?q=1', 'pieces')
const senders = fc.constantFrom(...SENDERS)
const bodies = fc.string({
  unit: fc.constantFrom('a', '\r\n', '\0', 'GET / HTTP/1.1'),
  maxLength: 40,
})

/** What a client may say of its connection: most often nothing that ends it. */
const CONNECTIONS = listed(
  ['', '', '', '', '', '', '', '', '', '', '', ''],
  ['Connection: keep-alive\r\n', 'connection: Keep-Alive\r\n', 'Connection: closed\r\n'],
  ['Connection: close\r\n', 'connection:CLOSE\r\n', 'CONNECTION: \tClose \r\n'],
  ['Connection: close, x\r\n', 'Connection: keep-alive, close\r\n'],
  ['Connection: close\r\nConnection: close\r\n'],
  ['Connection: keep-alive\r\nConnection: close\r\n'],
  ['Connection: close\r\nConnection: keep-alive\r\n'],
)

const connections = fc.constantFrom(...CONNECTIONS)

/** A request without a body, unless `fields` announce one. */
function bare(method: string, path: string, fields = ''): Sent {
  const bytes = Buffer.from(`${method} /${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`, 'latin1')
  return { method, bytes }
}

/** The request with the body, and the length that it has. */
function bringing(
  body: string,
  [method, path, fields = '']: readonly [string, string, string?],
): Sent {
  const head = bare(method, path, `${fields}Content-Length: ${body.length}\r\n`)
  return { method, bytes: Buffer.concat([head.bytes, Buffer.from(body, 'latin1')]) }
}

function put(path: string, body: string, fields = ''): Sent {
  return bringing(body, ['PUT', path, fields])
}

const LAST = bare('GET', 'last', 'Connection: close\r\n')

const requests = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.tuple(senders, paths, connections), bodies, fc.constantFrom(1, 300))
      .map(([request, body, times]) => bringing(body.repeat(times), request)),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...METHODS), paths, connections)
      .filter(([method, path]) => method !== 'HEAD' || path !== 'pieces')
      .map((request) => bare(...request)),
  },
  // What the lane leaves to the ordinary way, with all that follows.
  paths.map((path) => bare('GET', path, 'TE: trailers\r\n')),
  fc.constantFrom('GET', 'DELETE', 'OPTIONS').map((method) => bringing('body', [method, 'a'])),
  fc.tuple(senders, bodies).map((request) => chunked(...request)),
)

/** Behind other requests Node.js ends the connection with its answer; so it only begins one here. */
const waiting = fc
  .tuple(fc.tuple(senders, paths, fc.constant('Expect: 100-continue\r\n')), bodies)
  .map(([request, body]) => [bringing(body, request)])
const conversations = fc
  .tuple(fc.oneof(waiting, fc.constant([])), fc.array(requests, { maxLength: 5 }))
  .map(([first, others]) => [...first, ...others, LAST])

function chunked(method: string, body: string): Sent {
  const head = bare(method, 'a', 'Transfer-Encoding: chunked\r\n')
  const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`
  return { method, bytes: Buffer.concat([head.bytes, Buffer.from(`${chunk}0\r\n\r\n`, 'latin1')]) }
}

/** Everything the server answers to the bytes, cut at the places given. */
async function answersTo(
  { port }: Running,
  bytes: Buffer,
  { cuts, halfCloses }: { cuts: readonly number[]; halfCloses: boolean },
): Promise<string> {
  using client = await rawClient(port)
  let start = 0
  for (const cut of cuts.map((at) => at % bytes.length).toSorted((a, b) => a - b)) {
    client.socket.write(bytes.subarray(start, cut))
    start = cut
    // Longer than Nagle's algorithm, which is off, and shorter than a test should take.
    await new Promise(setImmediate)
  }
  client.socket.write(bytes.subarray(start))
  if (halfCloses) client.socket.end()
  return await client.ended
}

/**
 * The final answers one by one: fields by lower-case name, without the time. Whether `100 Continue` is still
 * said to who sent the body already is left to the server (RFC 9110 §10.1.1).
 */
function parsed(text: string, methods: readonly string[]): unknown[] {
  const answers: unknown[] = []
  const open = [...methods]
  for (let rest = text; rest !== '';) {
    const end = rest.indexOf('\r\n\r\n')
    assert.ok(end > 0, `no answer begins with ${rest.slice(0, 40)}`)
    const [status = '', ...lines] = rest.slice(0, end).split('\r\n')
    const fields = new Map(lines.map((line) => splitField(line)))
    const isInterim = status.startsWith('HTTP/1.1 1')
    const method = isInterim ? '' : open.shift()
    const length = isInterim || method === 'HEAD' ? 0 : Number(fields.get('content-length') ?? 0)
    const from = end + 4
    fields.delete('date')
    if (!isInterim)
      answers.push({
        status,
        fields: Object.fromEntries(fields),
        body: rest.slice(from, from + length),
      })
    rest = rest.slice(from + length)
  }
  return answers
}

function splitField(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

test('with the lane and without it the same bytes get the same answers, however they are cut', async () => {
  const taken = { fast: 0, ordinary: 0 }
  await using lane = await serve(tell, { fastLane: 'auto', laneTook: (way) => (taken[way] += 1) })
  await using ordinary = await serve(tell, { fastLane: 'off' })
  await fc.assert(
    fc.asyncProperty(conversations, fc.array(fc.nat(), { maxLength: 6 }), async (all, cuts) => {
      const methods = all.map(({ method }) => method)
      const bytes = Buffer.concat(all.map((request) => request.bytes))
      const how = { cuts, halfCloses: false }
      const answers = parsed(await answersTo(lane, bytes, how), methods)
      assert.deepEqual(answers, parsed(await answersTo(ordinary, bytes, how), methods))
    }),
    { numRuns: 150 },
  )
  // One of each conversation: what is sent ahead is served in the ordinary way.
  assert.ok(taken.fast > 40, `only ${taken.fast} requests took the lane`)
  assert.ok(taken.ordinary > 40, `only ${taken.ordinary} requests were left`)
})

test('leave to send a body never stands inside an answer, however many were sent ahead', async () => {
  for (const fastLane of ['auto', 'off'] as const) {
    await using server = await serve(tell, { fastLane })
    const sent = [put('slow', 'a'), put('pieces', 'a', 'Expect: 100-continue\r\n')]
    const bytes = Buffer.concat([...sent.map((request) => request.bytes), LAST.bytes])
    const text = await answersTo(server, bytes, { cuts: [], halfCloses: false })
    const [slow, pieces] = parsed(text, ['PUT', 'PUT', 'GET'])
    assert.match(JSON.stringify(slow), /"status":"HTTP\/1\.1 200 OK".*slow/u)
    assert.match(JSON.stringify(pieces), /"status":"HTTP\/1\.1 200 OK".*pieces/u)
  }
})

test('who sends a whole body and closes its side gets the answer, in the lane', async () => {
  await using lane = await serve(tell, { fastLane: 'auto' })
  for (const path of ['a', 'slow', 'refused']) {
    const { bytes } = put(path, 'whole'.repeat(40_000))
    const answer = await answersTo(lane, bytes, { cuts: [150_000], halfCloses: true })
    assert.match(
      answer,
      path === 'refused' ? /^HTTP\/1\.1 409 / : /^HTTP\/1\.1 200 .*whole"/s,
      path,
    )
  }
})

test('requests sent ahead are answered in order, thousands of them', async () => {
  await using lane = await serve(tell, { fastLane: 'auto' })
  const count = 3_000
  const all = Array.from({ length: count }, (_, n) => bare('GET', `a?q=${n}`).bytes)
  const answer = await answersTo(lane, Buffer.concat([...all, LAST.bytes]), {
    cuts: [],
    halfCloses: false,
  })
  const order = [...answer.matchAll(/"query":"(\d+)"/gu)].map(([, n]) => Number(n))
  assert.deepEqual(order, [...all.keys()])
})

test('an answer that the client is slow to take arrives whole', async () => {
  const size = 8 * 1024 * 1024
  await using lane = await serve(
    async (exchange) => {
      exchange.begin(200, { 'content-length': size })
      await exchange.write(Buffer.alloc(size, 'a'), true)
    },
    { fastLane: 'auto' },
  )
  using client = await rawClient(lane.port)
  client.socket.pause()
  client.socket.write(Buffer.concat([bare('GET', 'a').bytes, LAST.bytes]))
  await new Promise(setImmediate)
  client.socket.resume()
  const heads = 2
  const text = await client.ended
  assert.equal(text.match(/HTTP\/1\.1 200 /gu)?.length, heads)
  assert.equal(text.match(/a{1000}/gu)?.length, Math.floor(size / 1000) * heads)
})

test('what an answer is adorned with it carries in the place of its own, a refusal, too', async () => {
  for (const fastLane of ['auto', 'off'] as const) {
    await using server = await serve(
      async (exchange) => {
        exchange.adorn({ 'x-security-level': '1' })
        exchange.adorn({ 'www-authenticate': 'DPoP' })
        if (exchange.target.rawPath === 'refused') throw new Refusal('no-credential')
        exchange.reply({ status: 200 })
      },
      { fastLane },
    )
    for (const path of ['refused', 'a']) {
      const text = await answersTo(server, Buffer.concat([put(path, 'a').bytes, LAST.bytes]), {
        cuts: [],
        halfCloses: false,
      })
      assert.match(text, /x-security-level: 1\r\n/u)
      assert.match(text, /www-authenticate: DPoP\r\n/u)
      assert.doesNotMatch(text, /Bearer/u)
    }
  }
})

/** Downloads from servers that do other things than ours. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import test from 'node:test'
import type { DownloadEvent, DownloadOptions } from '../../src/client/download-options.ts'
import { download } from '../../src/client/download.ts'
import type { Network } from '../../src/client/platform.ts'

const CONTENT = 'what is in a name? that which we call a rose'
const HALF = 20
const ETAG = { etag: '"rose"' }

type Answer = (response: ServerResponse, request: IncomingMessage) => void

interface Foreign extends AsyncDisposable {
  readonly url: string
  /** Header fields of the requests so far. */
  readonly asked: IncomingMessage['headers'][]
}

/** A server with one answer for each request; the last is repeated. */
async function foreign(...answers: readonly Answer[]): Promise<Foreign> {
  const asked: IncomingMessage['headers'][] = []
  const server = createServer((request, response) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)]
    asked.push(request.headers)
    answer?.(response, request)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/rose.txt`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The file, whatever part of it was asked for. */
function whole(headers: Record<string, string> = {}, body = CONTENT): Answer {
  return (response) => {
    response.writeHead(200, { 'content-length': String(body.length), ...headers }).end(body)
  }
}

/** The beginning of the file, and then the connection breaks. */
function half(headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(200, { 'content-length': String(CONTENT.length), ...headers })
    response.write(CONTENT.slice(0, HALF), () => response.socket?.resetAndDestroy())
  }
}

/** The rest of the file, as it is asked for. */
function rest(headers: Record<string, string> = {}): Answer {
  return (response, request) => {
    const start = Number(/^bytes=(\d+)-$/u.exec(request.headers.range ?? '')?.[1])
    const range = `bytes ${start}-${CONTENT.length - 1}/${CONTENT.length}`
    response.writeHead(206, { 'content-range': range, ...headers }).end(CONTENT.slice(start))
  }
}

function status(code: number, headers: Record<string, string> = {}): Answer {
  return (response) => void response.writeHead(code, headers).end()
}

/** A network that is always another one, so that nothing is waited for. */
const RESTLESS: Network = { isOnline: () => true, onChange: (callback) => callback() }

async function textOf({ url }: Foreign, options: DownloadOptions = {}): Promise<string> {
  const signal = AbortSignal.timeout(10_000)
  const file = await download(url, { signal, network: RESTLESS, ...options })
  const blob = await file.blob()
  return await blob.text()
}

test('every request names a range, the tag of the file once it is known, and no coding', async () => {
  await using there = await foreign(half(ETAG), rest(ETAG))
  assert.equal(await textOf(there), CONTENT)
  const fields = there.asked.map(({ range, 'if-range': tag, 'accept-encoding': coding }) => [
    range,
    tag,
    coding,
  ])
  assert.deepEqual(fields, [
    ['bytes=0-', undefined, 'identity'],
    [`bytes=${HALF}-`, ETAG.etag, 'identity'],
  ])
})

test('of a server that knows no ranges, what was read already is skipped', async () => {
  await using there = await foreign(half(ETAG), whole(ETAG))
  assert.equal(await textOf(there), CONTENT)
})

/** What the second answer must not be, each with what the download then says. */
const UNFIT: readonly (readonly [string, Answer, string])[] = [
  ['is another file', whole({ etag: '"thorn"' }), 'source-changed'],
  ['is the rest of another file', rest({ etag: '"thorn"' }), 'source-changed'],
  ['has no tag', rest(), 'source-changed'],
  ['has a weak tag', rest({ etag: 'W/"rose"' }), 'source-changed'],
  ['has another size', whole(ETAG, `${CONTENT} by`), 'source-changed'],
  [
    'says that the file is shorter',
    status(416, { 'content-range': 'bytes */4', ...ETAG }),
    'source-changed',
  ],
  ['is a later part', rest({ ...ETAG, 'content-range': 'bytes 21-43/44' }), 'bad-answer'],
  ['is no part', rest({ ...ETAG, 'content-range': 'lines 1-2/3' }), 'bad-answer'],
  [
    'does not say which part it is',
    (response) => void response.writeHead(206, ETAG).end(),
    'bad-answer',
  ],
  ['is compressed', rest({ ...ETAG, 'content-encoding': 'gzip' }), 'bad-answer'],
  ['says that it is gone', status(410), 'refused'],
]

for (const [what, answer, code] of UNFIT) {
  test(`a download ends with ${code} if what comes after a loss ${what}`, async () => {
    await using there = await foreign(half(ETAG), answer)
    await assert.rejects(textOf(there), { name: 'UploadError', code })
    assert.equal(there.asked.length, 2)
  })
}

test('a file without a strong tag comes in one go or not at all', async () => {
  for (const headers of [{}, { etag: 'W/"rose"' }]) {
    await using complete = await foreign(whole(headers))
    assert.equal(await textOf(complete), CONTENT)
    await using cut = await foreign(half(headers), whole(headers))
    await assert.rejects(textOf(cut), { code: 'bad-answer', message: /no strong ETag/u })
    assert.equal(cut.asked.length, 1)
  }
})

test('a file whose size nobody tells is refused', async () => {
  await using there = await foreign((response) => {
    response.write(CONTENT)
    response.end()
  })
  await assert.rejects(textOf(there), { code: 'bad-answer' })
})

test('a file that goes on after its end is refused', async () => {
  const range = `bytes 0-${HALF - 1}/${HALF}`
  await using there = await foreign(rest({ 'content-range': range, ...ETAG }))
  await assert.rejects(textOf(there), { code: 'bad-answer', message: /after its end/u })
})

test('the first part of a file of another origin is taken by its length', async () => {
  await using there = await foreign((response) => {
    response.writeHead(206, { 'content-length': String(CONTENT.length) }).end(CONTENT)
  })
  assert.equal(await textOf(there), CONTENT)
})

test('an empty file has no part and is no failure', async () => {
  await using there = await foreign(status(416, { 'content-range': 'bytes */0' }))
  assert.equal(await textOf(there), '')
})

test('what is said of now only is waited for, as long as it is asked for', async () => {
  const later = [429, 500, 503].map((code) => status(code, { 'retry-after': '7' }))
  await using there = await foreign(...later, status(502), whole())
  const waits: number[] = []
  const onEvent = (event: DownloadEvent): void => {
    if (event.kind === 'waiting') waits.push(event.wait)
  }
  assert.equal(await textOf(there, { onEvent }), CONTENT)
  assert.deepEqual(waits.slice(0, 3), [7000, 7000, 7000])
  assert.ok((waits[3] ?? 0) < 7000)
})

test('a server that never gives a byte is left in the end', async () => {
  await using there = await foreign(status(503))
  await assert.rejects(textOf(there), { code: 'out-of-tries', message: /12 tries/u })
  assert.equal(there.asked.length, 12)
})

test('a server that gives a byte each time is never left', async () => {
  const single: Answer = (response, request) => {
    const start = Number(/^bytes=(\d+)-$/u.exec(request.headers.range ?? '')?.[1])
    const range = `bytes ${start}-${start}/${CONTENT.length}`
    response.writeHead(206, { 'content-range': range, ...ETAG }).end(CONTENT[start])
  }
  await using there = await foreign(single)
  assert.equal(await textOf(there), CONTENT)
  assert.equal(there.asked.length, CONTENT.length)
})

test('tries without a network are not counted', async () => {
  let answered = 0
  await using there = await foreign((response, request) => {
    answered += 1
    if (answered > 20) whole()(response, request)
    else response.socket?.resetAndDestroy()
  })
  const network: Network = { ...RESTLESS, isOnline: () => false }
  assert.equal(await textOf(there, { network }), CONTENT)
})

test('an answer that does not come is not waited for longer than a stall, once the file is known', async () => {
  await using there = await foreign(half(ETAG), () => {}, rest(ETAG))
  const lost: unknown[] = []
  const onEvent = (event: DownloadEvent): void => {
    if (event.kind === 'lost') lost.push(event.reason)
  }
  assert.equal(await textOf(there, { stall: 50, onEvent }), CONTENT)
  assert.match(String(lost[1]), /connection is dead/u)
})

test('a way that is slower than a stall gets more time with each try', async () => {
  const slow: Answer = (response, request) => {
    setTimeout(() => rest(ETAG)(response, request), 120)
  }
  await using there = await foreign(half(ETAG), slow)
  assert.equal(await textOf(there, { stall: 50 }), CONTENT)
  assert.ok(there.asked.length > 2, `${there.asked.length} requests`)
})

test('what is no URL is the mistake of the caller', async () => {
  await assert.rejects(download('rose.txt', { signal: AbortSignal.timeout(5000) }), TypeError)
})

for (const port of [5060, 6000]) {
  test(`a file at port ${port}, to which fetch never connects, is refused at once`, async () => {
    const events: DownloadEvent[] = []
    const onEvent = (event: DownloadEvent): void => void events.push(event)
    await assert.rejects(download(`http://127.0.0.1:${port}/rose.txt`, { onEvent }), {
      name: 'UploadError',
      code: 'refused',
      message: `fetch never connects to the port of 127.0.0.1:${port}`,
    })
    assert.deepEqual(events, [])
  })
}

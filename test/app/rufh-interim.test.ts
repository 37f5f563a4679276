import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type ClientHttp2Stream, type IncomingHttpHeaders, connect } from 'node:http2'
import { test } from 'node:test'
import { writeCertificate } from '../http/server-fixture.ts'
import { type Site, startSite, temporaryFolder } from './site.ts'
import { PHONE, append, created, creation, head, informed, located } from './rufh-client.ts'
import { signedPut } from './slots.ts'
import { contentOf } from './visits.ts'
import { ask, dial, headOf } from './wire-client.ts'

const PATH = 'a/b.jpg'
const MEGABYTE = 2 ** 20

test('offsets are told while the body comes, each after it was kept, and grow', async () => {
  await using site = await startSite(['network_resilience.chunk_size=1MB', 'storage.fsync=ack'])
  const put = signedPut(PATH, randomBytes(12 * MEGABYTE))
  const { interim, status } = await informed(site, creation(put, 6))
  assert.equal(status, 201)
  const [first, ...progress] = interim
  assert.equal(first?.['upload-offset'], undefined)
  const offsets = progress.map((headers) => Number(headers['upload-offset']))
  assert.ok(offsets.length > 0, 'no offset was told')
  assert.deepEqual(
    offsets,
    offsets.toSorted((one, other) => one - other),
  )
  for (const headers of progress) {
    assert.equal(headers['location'], undefined)
    assert.equal(headers['upload-draft-interop-version'], '6')
  }
})

test('an append is told offsets only: its client knows the upload', async () => {
  await using site = await startSite(['network_resilience.chunk_size=1MB'])
  const put = signedPut(PATH, randomBytes(8 * MEGABYTE))
  const target = await created(site, put)
  const all = append(target, 8, { offset: 0, bytes: put.body, isComplete: true })
  const { interim, status } = await informed(site, all)
  assert.equal(status, 201)
  assert.ok(interim.length > 0)
  for (const headers of interim) {
    assert.equal(headers['location'], undefined)
    assert.ok(Number(headers['upload-offset']) >= MEGABYTE)
  }
})

/** How many interim answers a creation gets, and where its final answer is located. */
async function told(
  flags: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): Promise<readonly [interim: number, location: string]> {
  await using site = await startSite(flags)
  const asked = creation(signedPut(PATH, 'hello'), 6)
  const reply = await informed(site, { ...asked, headers: { ...asked.headers, ...headers } })
  assert.equal(reply.status, 201)
  return [reply.interim.length, located(reply)]
}

test('behind a proxy nothing is told unless it must be, and the file is where the answer says', async () => {
  const trusted = 'server.trusted_proxies=127.0.0.2/32'
  assert.deepEqual(await told([trusted]), [0, '/a/b.jpg'])
  for (const field of ['Via', 'Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Real-IP']) {
    assert.deepEqual(await told([], { [field]: '1.1 proxy' }), [0, '/a/b.jpg'], field)
  }
  assert.deepEqual(await told(['http.interim_104=never']), [0, '/a/b.jpg'])
  const [interim, location] = await told([trusted, 'http.interim_104=always'])
  assert.deepEqual([interim, location.startsWith('/-/uploads/')], [1, true])
})

test('a client of HTTP/1.0, or of a version unknown here, is told nothing', async () => {
  await using site = await startSite(['http.interim_104=always'])
  const old = headOf(creation(signedPut(PATH, 'hello'), 6)).replace('HTTP/1.1', 'HTTP/1.0')
  using wire = await dial(site.port, PHONE)
  wire.send(`${old}hello`)
  assert.match((await wire.ended).toString(), /^HTTP\/1\.1 201 /u)
  const asked = creation(signedPut('c/d.jpg', 'hello'), undefined)
  const headers = { ...asked.headers, 'Upload-Draft-Interop-Version': '99' }
  const { interim, status, headers: answered } = await informed(site, { ...asked, headers })
  assert.deepEqual([interim.length, status], [0, 201])
  assert.equal(answered['upload-draft-interop-version'], undefined)
})

test('the upload is told before the client is asked for the body', async () => {
  await using site = await startSite()
  const put = creation(signedPut(PATH, 'hello'), 6)
  using wire = await dial(site.port, PHONE)
  wire.send(headOf({ ...put, headers: { ...put.headers, Expect: '100-continue' } }))
  const text = await wire.until('100 Continue')
  assert.match(text, /^HTTP\/1\.1 104 Upload Resumption Supported\r\n/u)
  wire.send(put.body)
  await wire.until('HTTP/1.1 201 ')
})

test('a refused creation is told nothing', async () => {
  await using site = await startSite()
  const put = creation(signedPut(PATH, 'hello', { secret: 'not the key of this server' }), 6)
  const { interim, status } = await informed(site, put)
  assert.deepEqual([interim.length, status], [0, 403])
})

/** A site that speaks HTTP/2, and a session with it. */
async function secured(
  use: (
    site: Site,
    open: (fields: Readonly<Record<string, string>>) => ClientHttp2Stream,
  ) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder()
  const { certFile, keyFile } = writeCertificate(folder.path)
  const flags = [`server.tls_cert=${certFile}`, `server.tls_key=${keyFile}`]
  await using site = await startSite([...flags, 'network_resilience.chunk_size=1MB'])
  const options = { rejectUnauthorized: false, localAddress: PHONE }
  const session = connect(`https://127.0.0.1:${site.port}`, options)
  await use(site, (fields) => session.request(fields))
  session.close()
}

async function finalOf(
  stream: ClientHttp2Stream,
): Promise<IncomingHttpHeaders & { status: number }> {
  stream.resume()
  const [headers] = await once(stream, 'response')
  await once(stream, 'close')
  return { ...headers, status: Number(headers[':status']) }
}

test('over HTTP/2 an upload is told, cut, asked for and completed', async () => {
  await secured(async (site, open) => {
    const put = signedPut(PATH, randomBytes(6 * MEGABYTE))
    const { headers, target } = creation(put, 6)
    const length = { 'content-length': String(put.body.length) }
    const upload = open({ ':method': 'PUT', ':path': target, ...length, ...lower(headers) })
    upload.on('error', () => {})
    upload.write(put.body.subarray(0, 4 * MEGABYTE))
    const [first] = await once(upload, 'headers')
    assert.equal(first[':status'], 104)
    const path = located({ headers: first })
    const [progress] = await once(upload, 'headers')
    assert.ok(Number(progress['upload-offset']) >= MEGABYTE)
    upload.close(8)
    await site.logged('upload interrupted')
    const question = lower(head(path, 6).headers ?? {})
    const asked = await finalOf(open({ ':method': 'HEAD', ':path': path, ...question }))
    assert.equal(asked.status, 204)
    const offset = Number(asked['upload-offset'])
    assert.ok(offset >= MEGABYTE && offset <= 4 * MEGABYTE)
    const bytes = put.body.subarray(offset)
    const rest = append(path, 6, { offset, bytes, isComplete: true })
    const patch = open({ ':method': 'PATCH', ':path': path, ...lower(rest.headers) })
    patch.end(bytes)
    assert.equal((await finalOf(patch)).status, 201)
    const download = open({ ':path': `/${PATH}` })
    const pieces: Buffer[] = []
    for await (const piece of download) pieces.push(Buffer.from(piece))
    assert.ok(Buffer.concat(pieces).equals(put.body))
  })
})

test('over HTTP/2 the question for the offset ends the stream of a writer, not its connection', async () => {
  await secured(async (site, open) => {
    const put = signedPut(PATH, randomBytes(100_000))
    const { headers, target } = creation(put, 6)
    const length = { 'content-length': String(put.body.length) }
    const upload = open({ ':method': 'PUT', ':path': target, ...length, ...lower(headers) })
    upload.on('error', () => {})
    upload.write(put.body.subarray(0, 50_000))
    const [first] = await once(upload, 'headers')
    const path = located({ headers: first })
    const closed = once(upload, 'close')
    await site.logged('slot opened')
    const question = lower(head(path, 6).headers ?? {})
    const asked = await finalOf(open({ ':method': 'HEAD', ':path': path, ...question }))
    assert.equal(asked.status, 204)
    await closed
  })
})

function lower(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
}

test('what a client was told of its upload holds when it comes back', async () => {
  await using site = await startSite()
  const put = signedPut(PATH, randomBytes(1000))
  using wire = await dial(site.port, PHONE)
  wire.send(headOf(creation(put, 7)))
  const text = await wire.until('-/uploads/')
  const path = `/-/uploads/${/-\/uploads\/([\w-]+)/u.exec(text)?.[1] ?? ''}`
  wire.socket.destroy()
  const all = append(path, 7, { offset: 0, bytes: put.body, isComplete: true })
  assert.equal((await ask(site.port, all)).status, 201)
  assert.ok((await contentOf(site, PATH)).equals(put.body))
})

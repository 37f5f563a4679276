/** Real reverse proxies with a path prefix between real clients and our server. */
import assert from 'node:assert/strict'
import { randomBytes, createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type FileServer, startFileServer } from './file-server.ts'
import { freePort } from './free-ports.ts'
import { startCaddy, startHaproxy, startNginx } from './front-proxy.ts'
import { goSendxmpp } from './go-sendxmpp.ts'
import { get, put } from './http-client.ts'
import { profanity } from './profanity.ts'
import { startProsody } from './prosody.ts'
import type { ProxySite } from './proxies/proxy-site.ts'
import type { RunningProgram } from './running-program.ts'
import { sampleFile } from './sample-file.ts'
import { signedUrl } from './signed-url.ts'
import { type SlixmppAccount, slixmppAccount } from './slixmpp-account.ts'
import { tempFolder } from './temp-folder.ts'
import { throwawayCa } from './throwaway-ca.ts'
import { assertTransfer } from './transfer.ts'
import type { UploadingClient } from './uploading-client.ts'
import type { XmppHost } from './xmpp-server.ts'

const PREFIX = '/upload/'

interface Front {
  readonly name: string
  readonly scheme: 'http' | 'https'
  readonly mode: string
  readonly start: (site: ProxySite) => Promise<RunningProgram>
  readonly logIn: (host: XmppHost, env: Record<string, string>) => Promise<UploadingClient>
}

const FRONTS: readonly Front[] = [
  {
    name: 'nginx with TLS and go-sendxmpp',
    scheme: 'https',
    mode: 'Prosody v2',
    start: startNginx,
    logIn: goSendxmpp,
  },
  {
    name: 'HAProxy and profanity',
    scheme: 'http',
    mode: 'Prosody v1',
    start: startHaproxy,
    logIn: profanity,
  },
  {
    name: 'Caddy with TLS and slixmpp',
    scheme: 'https',
    mode: 'Prosody file_share',
    start: startCaddy,
    logIn: async (host, env) => await slixmppAccount(host, 'slixmpp', env),
  },
]

const FILES: Readonly<Record<string, number>> = {
  'one.dat': 1,
  'Ünïcödé a+b lit%2Feral.txt': 70_000,
  'five-megabytes.jpg': 5_000_000,
}

let transfers = 0

for (const { name, scheme, mode, start, logIn } of FRONTS) {
  describe(`files through ${name}`, () => {
    const stack = new AsyncDisposableStack()
    let server: FileServer
    let front: RunningProgram
    let sender: UploadingClient
    let reader: SlixmppAccount
    let ca: string

    before(async () => {
      const folder = stack.use(await tempFolder('ca'))
      const authority = await throwawayCa(folder.path)
      const [tls, port] = await Promise.all([authority.issue(['localhost']), freePort()])
      ca = await readFile(authority.caFile, 'utf8')
      const publicUrl = `${scheme}://localhost:${port}${PREFIX}`
      server = stack.use(await startFileServer({ publicUrl }))
      const upstream = `127.0.0.1:${server.port}`
      const site: ProxySite = { host: 'localhost', port, upstream, prefix: PREFIX }
      front = stack.use(await start(scheme === 'https' ? { ...site, tls } : site))
      const prosody = stack.use(await startProsody(publicUrl))
      const host = prosody.hosts.find((each) => each.mode === mode)
      assert.ok(host)
      const env = { SSL_CERT_FILE: authority.caFile }
      reader = stack.use(await slixmppAccount(host, 'reader'))
      sender = stack.use(await logIn(host, env))
    })
    after(async () => await stack.disposeAsync())

    for (const [fileName, size] of Object.entries(FILES)) {
      test(`${size} bytes arrive through ${name}`, async () => {
        await using place = await tempFolder('sample')
        const file = await sampleFile(place.path, fileName, size)
        await assertTransfer({ sender, reader, server, ca }, file)
        transfers += 1
      })
    }

    test(`a refusal comes through ${name} while the body is still being sent`, async () => {
      const url = signedUrl(server, 'no/such.bin', 3_000_000).replace(/v=./, 'v=_')
      const answer = await put(url, randomBytes(3_000_000), { ca })
      assert.equal(answer.status, 403)
    })

    test(`the log of ${name} shows no credential`, () => {
      assert.doesNotMatch(front.log(), /[?&]v2?=/)
    })
  })
}

describe('nginx sends the files itself', () => {
  const stack = new AsyncDisposableStack()
  const body = randomBytes(3 * 1024 * 1024)
  const path = 'nginx/accelerated.mp4'
  let server: FileServer
  let link: string

  before(async () => {
    const port = await freePort()
    const accel = { header: 'X-Accel-Redirect', prefix: '/-accel/' }
    server = stack.use(
      await startFileServer({
        publicUrl: `http://localhost:${port}${PREFIX}`,
        config: { downloads: { accel: accel.header, accel_prefix: accel.prefix } },
      }),
    )
    const files = join(server.folder, 'files')
    const upstream = `127.0.0.1:${server.port}`
    const site = { host: 'localhost', port, upstream, prefix: PREFIX }
    stack.use(await startNginx({ ...site, accel: { prefix: accel.prefix, files } }))
    link = `${server.publicUrl}${path}`
    const answer = await put(signedUrl(server, path, body.length), body)
    assert.equal(answer.status, 201)
  })
  after(async () => await stack.disposeAsync())

  test('our server names the file and sends none of it', async () => {
    const answer = await get(`http://127.0.0.1:${server.port}${PREFIX}${path}`)
    assert.match(String(answer.headers['x-accel-redirect']), /^\/-accel\//)
    assert.equal(answer.size, 0)
  })

  test('nginx answers with the whole file', async () => {
    const answer = await get(link)
    assert.equal(answer.status, 200)
    assert.equal(answer.sha256, sha256(body))
    assert.equal(answer.headers['x-accel-redirect'], undefined)
  })

  test('nginx answers a Range with the part', async () => {
    const answer = await get(link, { headers: { Range: 'bytes=1000000-2999999' } })
    assert.equal(answer.status, 206)
    assert.equal(answer.headers['content-range'], `bytes 1000000-2999999/${body.length}`)
    assert.equal(answer.sha256, sha256(body.subarray(1_000_000, 3_000_000)))
  })
})

test('the transfers through proxies are counted', (t) => {
  t.diagnostic(`${transfers} transfers`)
  assert.ok(transfers > 0)
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

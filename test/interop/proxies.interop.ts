/** Real reverse proxies with a path prefix between real clients and our server. */
import assert from 'node:assert/strict'
import { randomBytes, createHash } from 'node:crypto'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { eventually } from './eventually.ts'
import { type FrontProxy, startCaddy, startHaproxy, startNginx } from './front-proxy.ts'
import { goSendxmpp } from './go-sendxmpp.ts'
import { get, put } from './http-client.ts'
import { type HiddenServer, PREFIX, hiddenServer } from './hidden-server.ts'
import { profanity } from './profanity.ts'
import { startProsody } from './prosody.ts'
import { frontUrl, type ProxySite } from './proxies/proxy-site.ts'
import { sampleFile } from './sample-file.ts'
import { signedUrl } from './signed-url.ts'
import { type SlixmppAccount, slixmppAccount } from './slixmpp-account.ts'
import { tempFolder } from './temp-folder.ts'
import { assertTransfer } from './transfer.ts'
import type { UploadingClient } from './uploading-client.ts'
import { hostOf, type XmppHost } from './xmpp-server.ts'

const LAST_PATH = 'wrong/size.bin'

interface Front {
  readonly proxy: string
  readonly client: string
  readonly mode: string
  readonly start: (site: ProxySite) => Promise<FrontProxy>
  readonly logIn: (host: XmppHost, env: Record<string, string>) => Promise<UploadingClient>
}

const FRONTS: readonly Front[] = [
  {
    proxy: 'nginx',
    client: 'go-sendxmpp',
    mode: 'Prosody v2',
    start: async (site) => await startNginx(site),
    logIn: goSendxmpp,
  },
  {
    proxy: 'HAProxy',
    client: 'profanity',
    mode: 'Prosody v1',
    start: startHaproxy,
    logIn: profanity,
  },
  {
    proxy: 'Caddy',
    client: 'slixmpp',
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

const PROTECTION = ['content-security-policy', 'x-content-type-options']

let transfers = 0

for (const { proxy, client, mode, start, logIn } of FRONTS) {
  describe(`${client} through ${proxy} with TLS and a path prefix`, () => {
    const stack = new AsyncDisposableStack()
    let site: HiddenServer
    let front: FrontProxy
    let sender: UploadingClient
    let reader: SlixmppAccount
    let host: XmppHost

    before(async () => {
      site = stack.use(await hiddenServer())
      front = stack.use(await start(site))
      const prosody = stack.use(await startProsody(site.server.publicUrl))
      host = hostOf(prosody, mode)
      reader = stack.use(await slixmppAccount(host, 'reader'))
      sender = stack.use(await logIn(host, { SSL_CERT_FILE: site.caFile }))
    })
    after(async () => await stack.disposeAsync())

    for (const [fileName, size] of Object.entries(FILES)) {
      test(`${size} bytes arrive`, async () => {
        await using place = await tempFolder('sample')
        const file = await sampleFile(place.path, fileName, size)
        await assertTransfer({ sender, reader, server: site.server, host, ca: site.ca }, file)
        transfers += 1
      })
    }

    test('a refusal arrives although the client is still sending', async () => {
      const body = randomBytes(3_000_000)
      const url = signedUrl(site.server, LAST_PATH, body.length - 1)
      const answer = await put(url, body, { ca: site.ca })
      assert.equal(answer.status, 403)
    })

    test('the access log shows the path and no credential', async () => {
      // Written when the answer is out, so maybe a moment after we have it.
      const log = await eventually('the log has every request', async () => {
        const text = await front.accessLog()
        return text.includes(`${PREFIX}${LAST_PATH}`) ? text : undefined
      })
      assert.doesNotMatch(log, /v2?=[0-9a-f]/)
    })
  })
}

describe('nginx sends the files itself', () => {
  const stack = new AsyncDisposableStack()
  const body = randomBytes(3 * 1024 * 1024)
  const path = 'nginx/accelerated.mp4'
  let site: HiddenServer

  before(async () => {
    const prefix = '/-accel/'
    const downloads = { accel: 'X-Accel-Redirect', accel_prefix: prefix }
    site = stack.use(await hiddenServer({ downloads }))
    stack.use(await startNginx(site, { prefix, folder: join(site.server.folder, 'files') }))
    const headers = { 'Content-Type': 'video/mp4' }
    const url = signedUrl(site.server, path, body.length)
    const answer = await put(url, body, { headers, ca: site.ca })
    assert.equal(answer.status, 201)
  })
  after(async () => await stack.disposeAsync())

  test('our server names the file and sends none of it', async () => {
    const answer = await get(`http://${site.upstream}${PREFIX}${path}`)
    assert.match(String(answer.headers['x-accel-redirect']), /^\/-accel\//)
    assert.equal(answer.size, 0)
  })

  test('nginx answers with the whole file', async () => {
    const answer = await get(frontUrl(site) + path, { ca: site.ca })
    assert.equal(answer.status, 200)
    assert.equal(answer.sha256, sha256(body))
    assert.equal(answer.headers['content-type'], 'video/mp4')
    assert.equal(answer.headers['x-accel-redirect'], undefined)
  })

  test('nginx passes on what keeps a browser from trusting the file', async () => {
    const direct = await get(`http://${site.upstream}${PREFIX}${path}`)
    const answer = await get(frontUrl(site) + path, { ca: site.ca })
    for (const name of PROTECTION) {
      assert.ok(direct.headers[name], `we send ${name}`)
      assert.equal(answer.headers[name], direct.headers[name])
    }
  })

  test('nginx answers a Range with the part', async () => {
    const headers = { Range: 'bytes=1000000-2999999' }
    const answer = await get(frontUrl(site) + path, { headers, ca: site.ca })
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

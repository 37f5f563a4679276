/** Our server ends TLS itself and offers HTTP/2; clients negotiate what they speak. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:http2'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { type FileServer, startFileServer } from './file-server.ts'
import { goSendxmpp } from './go-sendxmpp.ts'
import { profanity } from './profanity.ts'
import { startProsody } from './prosody.ts'
import { sampleFile } from './sample-file.ts'
import { type SlixmppAccount, slixmppAccount } from './slixmpp-account.ts'
import { tempFolder } from './temp-folder.ts'
import { throwawayCa } from './throwaway-ca.ts'
import { assertTransfer } from './transfer.ts'
import type { UploadingClient } from './uploading-client.ts'
import { hostOf, type XmppHost } from './xmpp-server.ts'

type LogIn = (host: XmppHost, env: Record<string, string>) => Promise<UploadingClient>

const CLIENTS: Readonly<Record<string, LogIn>> = {
  slixmpp: async (host, env) => await slixmppAccount(host, 'slixmpp', env),
  'go-sendxmpp': goSendxmpp,
  profanity,
}
const FILES: Readonly<Record<string, number>> = { 'one.dat': 1, 'five-megabytes.jpg': 5_000_000 }

describe('real clients upload to our own TLS listener', () => {
  const stack = new AsyncDisposableStack()
  let server: FileServer
  let host: XmppHost
  let reader: SlixmppAccount
  let caFile: string
  let ca: string
  let transfers = 0

  before(async () => {
    const folder = stack.use(await tempFolder('ca')).path
    const authority = await throwawayCa(folder)
    const { certFile, keyFile } = await authority.issue(['localhost'])
    caFile = authority.caFile
    ca = await readFile(caFile, 'utf8')
    const publicUrl = 'https://localhost:{port}/upload/'
    const config = { server: { tls_cert: certFile, tls_key: keyFile } }
    server = stack.use(await startFileServer({ publicUrl, config }))
    host = hostOf(stack.use(await startProsody(server.publicUrl)), 'Prosody v2')
    reader = stack.use(await slixmppAccount(host, 'reader'))
  })
  after(async () => await stack.disposeAsync())

  test('HTTP/2 is what a client gets that knows it', async () => {
    const session = connect(server.publicUrl, { ca })
    await once(session, 'connect')
    assert.equal(session.alpnProtocol, 'h2')
    session.close()
    await once(session, 'close')
  })

  for (const [name, logIn] of Object.entries(CLIENTS)) {
    describe(name, () => {
      let sender: UploadingClient
      before(async () => {
        sender = stack.use(await logIn(host, { SSL_CERT_FILE: caFile }))
      })
      for (const [fileName, size] of Object.entries(FILES)) {
        test(`${name} sends ${size} bytes`, async () => {
          await using place = await tempFolder('sample')
          const file = await sampleFile(place.path, fileName, size)
          await assertTransfer({ sender, reader, server, host, ca }, file)
          transfers += 1
        })
      }
    })
  }

  test('the transfers over TLS are counted', (t) => {
    t.diagnostic(`${transfers} transfers`)
    assert.ok(transfers > 0)
  })
})

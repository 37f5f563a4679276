/** Real XMPP servers hand out the slots, real clients use them, and the reader gets the very bytes. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startEjabberd } from './ejabberd.ts'
import { type FileServer, startFileServer } from './file-server.ts'
import { goSendxmpp } from './go-sendxmpp.ts'
import { profanity } from './profanity.ts'
import { startProsody } from './prosody.ts'
import { sampleFile } from './sample-file.ts'
import { type SlixmppAccount, slixmppAccount } from './slixmpp-account.ts'
import { tempFolder } from './temp-folder.ts'
import { assertTransfer } from './transfer.ts'
import type { UploadingClient } from './uploading-client.ts'
import type { XmppHost } from './xmpp-server.ts'

const MODES = ['Prosody v1', 'Prosody v2', 'Prosody file_share', 'ejabberd']
/** The modes in which each client sends 100 MB, so that every client does it once. */
const LARGE_FILE_MODE: Readonly<Record<string, string>> = {
  slixmpp: 'Prosody file_share',
  'go-sendxmpp': 'ejabberd',
  profanity: 'Prosody v2',
}

const CLIENTS: Readonly<Record<string, (host: XmppHost) => Promise<UploadingClient>>> = {
  slixmpp: async (host) => await slixmppAccount(host, 'slixmpp'),
  'go-sendxmpp': async (host) => await goSendxmpp(host),
  profanity: async (host) => await profanity(host),
}

const SIZES: Readonly<Record<string, number>> = {
  'nothing.dat': 0,
  'one.dat': 1,
  'five-megabytes.jpg': 5_000_000,
}

const NAMES = [
  'plain.txt',
  'Ünïcödé ☃ 日本.txt',
  'with some spaces.pdf',
  'a+b=c&d.png',
  'lit%2Feral%20.bin',
  'back\\slash.txt',
  '🎉 party.gif',
  `${'n'.repeat(251)}.bin`,
]

describe('files from real clients through real XMPP servers', () => {
  const stack = new AsyncDisposableStack()
  const hosts = new Map<string, XmppHost>()
  let server: FileServer
  let transfers = 0

  before(async () => {
    server = stack.use(await startFileServer())
    const started = await Promise.all([
      startProsody(server.publicUrl),
      startEjabberd(server.publicUrl),
    ])
    for (const xmppServer of started) stack.use(xmppServer)
    for (const host of started.flatMap((each) => each.hosts)) hosts.set(host.mode, host)
  })
  after(async () => await stack.disposeAsync())

  function hostOf(mode: string): XmppHost {
    const host = hosts.get(mode)
    assert.ok(host, `${mode} runs`)
    return host
  }

  for (const mode of MODES) {
    describe(mode, { concurrency: true }, () => {
      const accounts = new AsyncDisposableStack()
      let reader: SlixmppAccount
      before(async () => {
        reader = accounts.use(await slixmppAccount(hostOf(mode), 'reader'))
      })
      after(async () => await accounts.disposeAsync())

      for (const [name, logIn] of Object.entries(CLIENTS)) {
        describe(name, { concurrency: false }, () => {
          let sender: UploadingClient
          before(async () => {
            sender = accounts.use(await logIn(hostOf(mode)))
          })

          async function arrives(fileName: string, size: number): Promise<void> {
            await using place = await tempFolder('sample')
            const file = await sampleFile(place.path, fileName, size)
            await assertTransfer({ sender, reader, server, host: hostOf(mode) }, file)
            transfers += 1
          }

          for (const [fileName, size] of Object.entries(SIZES)) {
            // ejabberd answers a request for a slot of 0 bytes with bad-request.
            if (size === 0 && mode === 'ejabberd') continue
            test(`${name} sends ${size} bytes through ${mode}`, async () => {
              await arrives(fileName, size)
            })
          }
          for (const fileName of NAMES) {
            test(`${name} sends ${JSON.stringify(fileName)} through ${mode}`, async () => {
              await arrives(fileName, 4_096)
            })
          }
          if (LARGE_FILE_MODE[name] === mode) {
            test(`${name} sends 100 MB through ${mode}`, async () => {
              await arrives('large.mp4', 100_000_000)
            })
          }
        })
      }
    })
  }

  test('the transfers are counted', (t) => {
    t.diagnostic(`${transfers} transfers`)
    assert.ok(transfers > 0)
  })
})

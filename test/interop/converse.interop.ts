/** Converse.js in two browsers, served by a real Prosody: what one account sends, the other one sees. */
import assert from 'node:assert/strict'
import { createDecipheriv, createHash } from 'node:crypto'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  type SwitchableNetwork,
  openSwitchableNetwork,
} from '../../scripts/demo/switchable-network.ts'
import { type Cut, cuttingProxy } from '../app/cutting-proxy.ts'
import { type BrowserPage, startChromium } from './chromium.ts'
import { converseSite } from './converse-site.ts'
import { eventually } from './eventually.ts'
import { startFileServer } from './file-server.ts'
import { freePort } from './free-ports.ts'
import { get } from './http-client.ts'
import { chooseFiles, holds, takePicture } from './page-actions.ts'
import { noisyPicture, type PictureSize } from './picture.ts'
import { DOMAIN, startWebProsody } from './prosody-web.ts'
import { seededRandom, seedOfThisRun } from './seeded-random.ts'
import type { TempFolder } from './temp-folder.ts'
import { PASSWORD } from './xmpp-server.ts'

const [SENDER, RECEIVER] = ['profanity', 'reader']

const random = seededRandom(seedOfThisRun())
const SMALL: PictureSize = { width: 320, height: 200 }
const LARGE: PictureSize = { width: 4000, height: 3000 }
const small = noisyPicture(random, SMALL)
const large = noisyPicture(random, LARGE)

/** Each test sends one. */
const LARGE_PICTURES = ['cut.png', 'moved.png', 'left.png', 'secret.png', 'open.png', 'bosh.png']

/** In the middle of the large picture. */
const CUT: Cut = { at: Math.round(0.6 * large.length), kind: 'reset' }

const FAILURE_IS_SHOWN = `Array.from(
  document.querySelectorAll('converse-chat-message .chat-error:not([data-seen])'),
  ({ textContent }) => textContent,
).some((text) => text.includes('could not successfully upload your file'))`

/** What is shown so far is no failure of what comes. */
const FORGET_FAILURES = `document.querySelectorAll('converse-chat-message .chat-error').forEach(
  (shown) => shown.setAttribute('data-seen', ''),
)`

interface ShownPicture extends PictureSize {
  readonly url: string
}

/** The page `file` with the chat with an account open. */
function chatAt(port: number, file: string, account: string): string {
  return `http://127.0.0.1:${port}/${file}#converse/chat?jid=${account}@${DOMAIN}`
}

/** Opens a page in a browser of its own, and logs in. */
async function loggedIn(
  account: string,
  url: string,
): Promise<AsyncDisposable & { page: BrowserPage }> {
  await using stack = new AsyncDisposableStack()
  const chromium = stack.use(await startChromium())
  const page = await chromium.open(url)
  await asUser(page, 'logIn', { jid: `${account}@${DOMAIN}`, password: PASSWORD })
  const running = stack.move()
  return { page, [Symbol.asyncDispose]: async () => await running.disposeAsync() }
}

/** Calls a function of the page's `user.js`. */
async function asUser(page: BrowserPage, action: string, argument: unknown = {}): Promise<string> {
  return await page.run(`(await import('/user.js')).${action}(${JSON.stringify(argument)})`)
}

/** The receiver's page shows the picture, and the file server has its very bytes. */
async function assertShown(page: BrowserPage, name: string, picture: Buffer): Promise<void> {
  const shown: ShownPicture = JSON.parse(await asUser(page, 'shownPicture', name))
  const { url, ...size } = shown
  assert.deepEqual(size, picture === small ? SMALL : LARGE)
  const stored = await get(url)
  assert.equal(stored.sha256, createHash('sha256').update(picture).digest('hex'))
}

/** What a file on the server is to whoever has the key in its address (XEP-0454 §3). Throws if it was changed. */
async function decrypted(address: string): Promise<Buffer> {
  const [url = '', secret = ''] = address.replace(/^aesgcm:/u, 'http:').split('#')
  const bytes = Buffer.from(await (await fetch(url)).arrayBuffer())
  const [iv, key] = [secret.slice(0, -64), secret.slice(-64)].map((hex) => Buffer.from(hex, 'hex'))
  assert.ok(iv && key)
  const decipher = createDecipheriv('aes-256-gcm', key, iv).setAuthTag(bytes.subarray(-16))
  return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()])
}

describe(`Converse.js (SEED=${random.seed})`, { timeout: 100_000 }, () => {
  const stack = new AsyncDisposableStack()
  let site: TempFolder
  let sender: BrowserPage
  let receiver: BrowserPage
  /** The sender's way to the pages and to Prosody, and everybody's way to the files. */
  let toProsody: SwitchableNetwork
  let toFiles: SwitchableNetwork
  /** The file server's own port. */
  let port: number
  /** Where new connections lead to. */
  const leads = { prosody: 0, files: 0 }
  /** How many files are there. */
  let published: () => number

  before(async () => {
    const pictures = Object.fromEntries(LARGE_PICTURES.map((name) => [name, large]))
    site = stack.use(await converseSite({ 'small.png': small, ...pictures }))
    toFiles = stack.use(await openSwitchableNetwork(() => leads.files))
    const publicUrl = `http://127.0.0.1:${toFiles.port}/upload/`
    const server = stack.use(await startFileServer({ publicUrl }))
    published = () => server.program.log().split('file published').length - 1
    leads.files = port = server.port
    const prosody = stack.use(await startWebProsody(publicUrl, site.path))
    leads.prosody = prosody.port
    toProsody = stack.use(await openSwitchableNetwork(() => leads.prosody))
    const own = chatAt(toProsody.port, 'plain.html', RECEIVER)
    const other = chatAt(prosody.port, 'plain.html', SENDER)
    sender = stack.use(await loggedIn(SENDER, own)).page
    receiver = stack.use(await loggedIn(RECEIVER, other)).page
  })
  after(async () => await stack.disposeAsync())

  /** Chooses a picture in the chat's file input. */
  async function send(name: string, page = sender): Promise<void> {
    await chooseFiles(page, 'converse-chat input.fileupload', [join(site.path, name)])
  }

  /** Begins to send a picture; in the middle of it, the file server is out of reach, until `mend` is called. */
  async function sendUntilCut(
    name: string,
    page = sender,
  ): Promise<AsyncDisposable & { mend: () => void }> {
    await using made = new AsyncDisposableStack()
    const nowhere = await freePort()
    let isMended = false
    const target = (): number => (isMended || proxy.left() > 0 ? port : nowhere)
    const proxy = made.use(await cuttingProxy(target, [CUT]))
    leads.files = proxy.port
    // Connections that browsers have kept do not lead there.
    toFiles.switchOver('cut')
    await send(name, page)
    await eventually('the cut', async () => (proxy.left() === 0 ? true : undefined))
    const running = made.move()
    return {
      mend: () => void (isMended = true),
      [Symbol.asyncDispose]: async () => await running.disposeAsync(),
    }
  }

  test('as it comes, shows the receiver the picture that was sent', async () => {
    await send('small.png')
    await assertShown(receiver, 'small.png', small)
    await takePicture(receiver, 'converse')
  })

  describe('with the plugin', () => {
    before(async () => {
      const url = chatAt(toProsody.port, 'index.html', RECEIVER)
      await sender.reloaded(async () => await sender.ask('Page.navigate', { url }))
      await asUser(sender, 'chatIsReady')
    })

    test('goes on after a cut', async () => {
      await using cut = await sendUntilCut('cut.png')
      cut.mend()
      await assertShown(receiver, 'cut.png', large)
      await takePicture(receiver, 'converse-plugin')
    })

    test('goes on in another network, and sends the message when it is logged in again', async () => {
      const [files, prosody] = [published(), leads.prosody]
      await using cut = await sendUntilCut('moved.png')
      leads.prosody = await freePort()
      for (const network of [toProsody, toFiles]) network.switchOver('cut')
      cut.mend()
      await eventually('the file', async () => (published() > files ? true : undefined))
      leads.prosody = prosody
      await assertShown(receiver, 'moved.png', large)
    })

    test('goes on with the same upload after a reload of the page, without the user', async () => {
      await using cut = await sendUntilCut('left.png')
      const begun = await asUser(sender, 'uploadResource')
      await sender.reloaded(async () => await sender.ask('Page.reload', {}))
      cut.mend()
      await assertShown(receiver, 'left.png', large)
      assert.match(begun, /uploads/u)
      assert.equal(await asUser(sender, 'uploadResource'), begun)
    })

    test('keeps a file encrypted, and goes on with the same bytes and the same key after a reload', async () => {
      await asUser(sender, 'toggleEncryption')
      await using cut = await sendUntilCut('secret.png')
      const begun = await asUser(sender, 'uploadResource')
      await sender.reloaded(async () => await sender.ask('Page.reload', {}))
      cut.mend()
      const address: string = JSON.parse(await asUser(receiver, 'encryptedFile', 'secret.png'))
      assert.ok((await decrypted(address)).equals(large))
      assert.match(begun, /uploads/u)
      assert.equal(await asUser(sender, 'uploadResource'), begun)
    })

    test('tells nobody the key of a file when the chat is not encrypted any more', async () => {
      await sender.run(FORGET_FAILURES)
      await using cut = await sendUntilCut('open.png')
      await asUser(sender, 'toggleEncryption')
      cut.mend()
      await holds(sender, FAILURE_IS_SHOWN)
      const told = `converse-chat-message-body[text*="open.png"]`
      assert.equal(await receiver.run(`document.querySelector('${told}')`), 'null')
    })

    test('goes on after a cut where it is connected over BOSH', async () => {
      const url = chatAt(toProsody.port, 'bosh.html', RECEIVER)
      await using browser = await loggedIn(SENDER, url)
      await using cut = await sendUntilCut('bosh.png', browser.page)
      cut.mend()
      await assertShown(receiver, 'bosh.png', large)
      assert.equal(await asUser(browser.page, 'isOverBosh'), 'true')
      await takePicture(receiver, 'converse-bosh')
    })

    test('tells the user that the server refuses a file', async () => {
      const publicUrl = `http://127.0.0.1:${toFiles.port}/upload/`
      const config = { grants: { v2_secret: 'not what Prosody signs with' } }
      await using stranger = await startFileServer({ publicUrl, config })
      leads.files = stranger.port
      toFiles.switchOver('cut')
      await sender.run(FORGET_FAILURES)
      await send('small.png')
      await holds(sender, FAILURE_IS_SHOWN)
    })
  })
})

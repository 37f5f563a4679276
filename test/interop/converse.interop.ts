/** Converse.js in two browsers, served by a real Prosody: what one account sends, the other one sees. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { type Cut, cuttingProxy } from '../app/cutting-proxy.ts'
import { type BrowserPage, startChromium } from './chromium.ts'
import { converseSite } from './converse-site.ts'
import { eventually } from './eventually.ts'
import { startFileServer } from './file-server.ts'
import { freePort } from './free-ports.ts'
import { get } from './http-client.ts'
import { noisyPicture, type PictureSize } from './picture.ts'
import { startWebProsody, type WebProsody } from './prosody-web.ts'
import { seededRandom, seedOfThisRun } from './seeded-random.ts'
import { PASSWORD } from './xmpp-server.ts'

const SENDER = 'profanity'
const RECEIVER = 'reader'

const random = seededRandom(seedOfThisRun())
const SMALL: PictureSize = { width: 320, height: 200 }
const LARGE: PictureSize = { width: 4000, height: 3000 }
const small = noisyPicture(random, SMALL)
const large = noisyPicture(random, LARGE)

/** In the middle of the large picture. */
const CUT: Cut = { at: Math.round(0.6 * large.length), kind: 'reset' }

interface ShownPicture extends PictureSize {
  readonly url: string
}

/** Two who chat with each other. */
interface Chats extends AsyncDisposable {
  readonly sender: BrowserPage
  readonly receiver: BrowserPage
  /** The file server's own port. */
  readonly port: number
  /** New connections to the file server are made by this port; at first, its own. */
  readonly lead: (port: number) => void
}

async function startChats({ plugin }: { plugin: boolean }): Promise<Chats> {
  await using stack = new AsyncDisposableStack()
  const pictures = { 'small.png': small, 'large.png': large, 'again.png': large }
  const site = stack.use(await converseSite({ plugin, pictures }))
  let next = 0
  const door = stack.use(await cuttingProxy(() => next, []))
  const publicUrl = `http://127.0.0.1:${door.port}/upload/`
  const { port } = stack.use(await startFileServer({ publicUrl }))
  next = port
  const prosody = stack.use(await startWebProsody(publicUrl, site.path))
  const sender = stack.use(await chatting(prosody, SENDER, RECEIVER)).page
  const receiver = stack.use(await chatting(prosody, RECEIVER, SENDER)).page
  const running = stack.move()
  return {
    sender,
    receiver,
    port,
    lead: (to) => void (next = to),
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

/** Opens a browser of its own for `name`, logs in, and opens the chat with `other`. */
async function chatting(
  { url, domain }: WebProsody,
  name: string,
  other: string,
): Promise<AsyncDisposable & { page: BrowserPage }> {
  await using stack = new AsyncDisposableStack()
  const chromium = stack.use(await startChromium())
  const page = await chromium.open(`${url}#converse/chat?jid=${other}@${domain}`)
  await asUser(page, 'logIn', { jid: `${name}@${domain}`, password: PASSWORD })
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

describe(`Converse.js (SEED=${random.seed})`, { timeout: 100_000 }, () => {
  test('as it comes, shows the receiver the picture that was sent', async () => {
    await using chats = await startChats({ plugin: false })
    await asUser(chats.sender, 'sendFile', 'small.png')
    await assertShown(chats.receiver, 'small.png', small)
  })

  describe('with the plugin', () => {
    const stack = new AsyncDisposableStack()
    let chats: Chats

    before(async () => {
      chats = stack.use(await startChats({ plugin: true }))
    })
    after(async () => await stack.disposeAsync())

    test('goes on after a cut, and shows the receiver the whole picture', async () => {
      const { sender, receiver, port } = chats
      await using proxy = await cuttingProxy(() => port, [CUT])
      chats.lead(proxy.port)
      await asUser(sender, 'sendFile', 'large.png')
      await assertShown(receiver, 'large.png', large)
      assert.equal(proxy.left(), 0, 'the cut was made')
    })

    test('goes on with the same upload after a reload of the page, without the user', async () => {
      const { sender, receiver, port } = chats
      const nowhere = await freePort()
      let isMended = false
      await using proxy = await cuttingProxy(
        () => (isMended || proxy.left() > 0 ? port : nowhere),
        [CUT],
      )
      chats.lead(proxy.port)
      await asUser(sender, 'sendFile', 'again.png')
      await eventually('the cut', async () => (proxy.left() === 0 ? true : undefined))
      const begun = await asUser(sender, 'uploadResource')
      await sender.reloaded(async () => await sender.ask('Page.reload', {}))
      isMended = true
      await assertShown(receiver, 'again.png', large)
      assert.match(begun, /uploads/u)
      assert.equal(await asUser(sender, 'uploadResource'), begun)
    })
  })
})

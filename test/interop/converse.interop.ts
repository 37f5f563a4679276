/** Converse.js in two browsers, served by a real Prosody: what one account sends, the other one sees. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { type BrowserPage, startChromium } from './chromium.ts'
import { converseSite } from './converse-site.ts'
import { startFileServer } from './file-server.ts'
import { get } from './http-client.ts'
import { noisyPicture, type PictureSize } from './picture.ts'
import { startWebProsody, type WebProsody } from './prosody-web.ts'
import { seededRandom, seedOfThisRun } from './seeded-random.ts'
import { PASSWORD } from './xmpp-server.ts'

const SENDER = 'profanity'
const RECEIVER = 'reader'

const random = seededRandom(seedOfThisRun())
const SMALL: PictureSize = { width: 320, height: 200 }
const small = noisyPicture(random, SMALL)

interface ShownPicture extends PictureSize {
  readonly url: string
}

/** Calls a function of the page's `user.js`. */
async function asUser(page: BrowserPage, call: string): Promise<string> {
  return await page.run(`(await import('/user.js')).${call}`)
}

async function pictureIn(page: BrowserPage, name: string): Promise<ShownPicture> {
  return JSON.parse(await asUser(page, `shownPicture(${JSON.stringify(name)})`))
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
  const login = JSON.stringify({ jid: `${name}@${domain}`, password: PASSWORD })
  await asUser(page, `logIn(${login})`)
  const running = stack.move()
  return { page, [Symbol.asyncDispose]: async () => await running.disposeAsync() }
}

describe(`Converse.js (SEED=${random.seed})`, { timeout: 100_000 }, () => {
  const stack = new AsyncDisposableStack()
  let sender: BrowserPage
  let receiver: BrowserPage

  before(async () => {
    const site = stack.use(await converseSite({ 'small.png': small }))
    const server = stack.use(await startFileServer())
    const prosody = stack.use(await startWebProsody(server.publicUrl, site.path))
    sender = stack.use(await chatting(prosody, SENDER, RECEIVER)).page
    receiver = stack.use(await chatting(prosody, RECEIVER, SENDER)).page
  })
  after(async () => await stack.disposeAsync())

  test('as it comes, shows the receiver the picture that was sent', async () => {
    await asUser(sender, "sendFile('/small.png', 'small.png')")
    const { url, width, height } = await pictureIn(receiver, 'small.png')
    assert.deepEqual({ width, height }, SMALL)
    const stored = await get(url)
    assert.equal(stored.sha256, createHash('sha256').update(small).digest('hex'))
  })
})

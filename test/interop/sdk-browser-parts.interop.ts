/** What the client has for browsers only, in a real one: its store, its transport, what it hears of the network; and workers. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { startWebDemo } from '../../scripts/demo/web-demo.ts'
import { answerCutter } from '../client/answer-cutter.ts'
import { type BrowserPage, type Chromium, startChromium } from './chromium.ts'
import { setOffline } from './page-actions.ts'
import { type PartsSite, startPartsSite } from './parts-site.ts'
import { get } from './http-client.ts'
import type { SentBody } from './sent-body.ts'
import { tempFolder } from './temp-folder.ts'

const MEBIBYTE = 2 ** 20

describe('In Chromium, the client', { timeout: 60_000 }, () => {
  const stack = new AsyncDisposableStack()
  let site: PartsSite
  let chromium: Chromium
  let page: BrowserPage

  before(async () => {
    site = stack.use(await startPartsSite())
    chromium = stack.use(await startChromium())
    page = await pageAt(site.url)
  })
  after(async () => await stack.disposeAsync())

  async function pageAt(url: string): Promise<BrowserPage> {
    const opened = await chromium.open(url)
    await opened.ask('Runtime.evaluate', { expression: site.script })
    return opened
  }

  async function sent(path: string, size: number, giveUp = false): Promise<SentBody> {
    const answer: SentBody = JSON.parse(
      await page.run(`parts.sendBytes('${path}', ${size}, ${giveUp})`),
    )
    return answer
  }

  test('remembers what it saved last, from one start to the next, until it is removed', async () => {
    const states: unknown = JSON.parse(await page.run("parts.storedAndBack('back')"))
    assert.deepEqual(states, ['nothing', { offset: 2 }, { offset: 2 }, 'nothing'])
  })

  test('forgets after three days what it saved', async () => {
    const states: unknown = JSON.parse(await page.run("parts.storedForLong('long')"))
    assert.deepEqual(states, [{ offset: 2 }, 'nothing', 'nothing'])
  })

  test('holds an upload for one at a time', async () => {
    assert.equal(await page.run("parts.heldInTurn('held')"), '[true,false,true]')
  })

  test('keeps keys that sign and that nobody can read', async () => {
    assert.equal(await page.run("parts.keyFromStore('keys')"), '[false,true]')
  })

  test('opens its database anew when that was removed, and forgets nothing over what cannot be kept', async () => {
    const states: unknown = JSON.parse(await page.run("parts.storeAfterHarm('harm')"))
    assert.deepEqual(states, ['nothing', { offset: 2 }])
  })

  test('remembers nothing where there is no database, and does not fail for it', async () => {
    const stranger = await pageAt('data:text/html,<title>of no origin</title>')
    const denied =
      'new Promise((resolve) => resolve(indexedDB.open("any"))).catch(({ name }) => name)'
    assert.equal(await stranger.run(denied), '"SecurityError"')
    const states: unknown = JSON.parse(await stranger.run("parts.storedAndBack('denied')"))
    assert.deepEqual(states, ['nothing', 'nothing', 'nothing', 'nothing'])
  })

  test('tells how much of a body is sent, up to its end, and reads the answer', async () => {
    const { status, problem, header, sent: steps } = await sent('read', 8 * MEBIBYTE)
    assert.deepEqual([status, problem, header], [409, 'offset-mismatch', 'yes'])
    assert.equal(steps.at(-1), 8 * MEBIBYTE)
    assert.deepEqual(
      steps,
      steps.toSorted((a, b) => a - b),
    )
  })

  test('tells that a connection was lost while it sent', async () => {
    const { reason } = await sent('lost', 64 * MEBIBYTE)
    assert.equal(reason, 'TypeError: The connection was lost')
  })

  test('gives up a request when it is told to, for the reason it is told', async () => {
    const { reason } = await sent('hole', 64 * MEBIBYTE, true)
    assert.equal(reason, 'Error: Given up')
  })

  test('hears of each change of the network until it listens no more', async () => {
    await page.run('parts.listen()')
    await setOffline(page, true)
    const [callsOffline, wasOnline] = await heard()
    assert.ok(callsOffline > 0 && !wasOnline)
    await setOffline(page, false)
    const [calls, isOnline] = await heard()
    assert.ok(calls > callsOffline && isOnline)
    await page.run('parts.stopListening()')
    await setOffline(page, true)
    await setOffline(page, false)
    assert.deepEqual(await heard(), [calls, true])
  })

  async function heard(): Promise<readonly [number, boolean]> {
    const [calls, isOnline]: readonly [number, boolean] = JSON.parse(
      await page.run('parts.heard()'),
    )
    return [calls, isOnline]
  }

  test('downloads on at the byte after its connection was cut', async () => {
    await using folder = await tempFolder('download')
    await using demo = await startWebDemo(folder.path)
    const content = randomBytes(32 * MEBIBYTE)
    const sha256 = createHash('sha256').update(content).digest('hex')
    const { status } = await fetch(demo.server.slot('a/film.bin', content.length), {
      method: 'PUT',
      body: content,
    })
    assert.equal(status, 201)
    const cut = { at: content.length / 2, kind: 'reset' } as const
    await using way = await answerCutter(() => demo.network.port, [cut])
    const url = new URL(demo.server.fileUrl('a/film.bin'))
    url.port = String(way.port)
    assert.equal(await page.run(`parts.beginDownload('${url.href}')`), String(content.length))
    assert.deepEqual(JSON.parse(await page.run('parts.endDownload()')), [sha256, 1])
    assert.equal(way.left(), 0)
  })

  test('uploads from workers: by XMLHttpRequest, or by fetch where there is none', async () => {
    await using folder = await tempFolder('workers')
    await using demo = await startWebDemo(folder.path)
    for (const kind of ['dedicated', 'service'] as const) {
      const size = 3 * MEBIBYTE
      const path = `workers/${kind}.bin`
      const slot = { put: demo.server.slot(path, size), get: demo.server.fileUrl(path) }
      const job = JSON.stringify({ slot, size })
      const told: unknown = JSON.parse(await page.run(`parts.inWorker('${kind}', ${job})`))
      assert.deepEqual(told, { url: slot.get, hasXhr: kind === 'dedicated' })
      const { status, size: stored } = await get(slot.get)
      assert.deepEqual([status, stored], [200, size])
    }
  })
})

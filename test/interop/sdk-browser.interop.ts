/** The example page in a real browser: whatever happens on the way, the file arrives, and nothing is sent for nothing. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { link, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import process from 'node:process'
import { after, before, describe, test } from 'node:test'
import { type WebDemo, startWebDemo } from '../../scripts/demo/web-demo.ts'
import { fingerprintOf, parseSlotPath } from '../../src/core/slot-path.ts'
import { type BrowserPage, type Chromium, startChromium } from './chromium.ts'
import { get } from './http-client.ts'
import {
  accessibleNodes,
  chooseFiles,
  holds,
  press,
  setOffline,
  takePicture,
} from './page-actions.ts'
import { resentBytes } from './resent-bytes.ts'
import { startProgram } from './running-program.ts'
import { seededRandom, seedOfThisRun } from './seeded-random.ts'
import { tempFolder } from './temp-folder.ts'

const SIZE = 100_000_000
/** Of the file: how much of it may be sent although the server had read it. */
const MOST_RESENT = 0.001
/** Bytes per second of a network on which an append takes a while. */
const SLOW = 2_000_000

const ROW = "document.querySelector('.upload:first-child')"

type Key = 'hmac' | 'dpop'

/** Of a key. */
interface SavedKey {
  readonly name: string
  readonly extractable: boolean
}

/** The keys that the client's database holds and that are secret. */
const SAVED_KEYS = `new Promise((resolve) => {
  const keysIn = (value) => {
    if (value instanceof CryptoKey) {
      const { algorithm, extractable, type } = value
      return type === 'public' ? [] : [{ name: algorithm.name, extractable }]
    }
    return value instanceof Object ? Object.values(value).flatMap(keysIn) : []
  }
  const opening = indexedDB.open('hmac-file-server')
  opening.onsuccess = () => {
    const all = opening.result.transaction('uploads').objectStore('uploads').getAll()
    all.onsuccess = () => resolve(keysIn(all.result))
    opening.result.close()
  }
})`

/** A red picture of one pixel. */
const DOT =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='

const USED_ROLES = new Set(['button', 'link', 'combobox', 'progressbar', 'heading'])

describe('The example page in Chromium', { timeout: 180_000 }, () => {
  const random = seededRandom(seedOfThisRun())
  const stack = new AsyncDisposableStack()
  let folder: string
  let original: string
  let sha256: string
  let demo: WebDemo
  let chromium: Chromium
  let page: BrowserPage
  let allCuts = 0

  before(async () => {
    folder = stack.use(await tempFolder('sdk-browser')).path
    original = join(folder, 'original.bin')
    const content = random.bytes(SIZE)
    sha256 = createHash('sha256').update(content).digest('hex')
    await writeFile(original, content)
    demo = stack.use(await startWebDemo(folder))
    chromium = stack.use(await startChromium())
    page = await chromium.open(demo.url)
    const screen = { width: 800, height: 900, deviceScaleFactor: 1, mobile: false }
    await page.ask('Emulation.setDeviceMetricsOverride', screen)
  })
  after(async () => await stack.disposeAsync())

  /** Chooses the file under another name; resolves when the page has begun with it. */
  async function begin(name: string, key: Key = 'hmac'): Promise<void> {
    const file = join(folder, name)
    await link(original, file)
    await page.run(`(document.querySelector('#session').value = '${key}')`)
    await chooseFiles(page, '#files', [file])
    await holds(page, `${ROW}?.querySelector('.name').textContent === '${basename(file)}'`)
  }

  /** Lets something happen when so many bytes more are on their way, on a network that takes its time with the next ones. */
  async function afterPassing(bytes: number, happens: () => unknown): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    let left = bytes
    demo.network.onPassed((more) => {
      left -= more
      if (left > 0) return
      demo.network.limit(SLOW)
      resolve()
    })
    await promise
    await happens()
    demo.network.onPassed(() => {})
    demo.network.limit(Infinity)
  }

  /** Somewhere between these shares of the file. */
  function somewhere(from: number, to: number): number {
    return random.integer(from * SIZE, to * SIZE)
  }

  async function told(text: string): Promise<void> {
    await holds(page, `${ROW}?.querySelector('.timeline').textContent.includes('${text}')`)
  }

  /** Keeps a picture of the page with what happened to the upload so far. */
  async function picture(name: string): Promise<void> {
    await page.run(`(${ROW}.querySelector('details').open = true)`)
    await takePicture(page, name)
  }

  /** Waits for the end of the upload: what the server has is the file, and it had to read none of it again. */
  async function arrives(): Promise<void> {
    await holds(page, `['done', 'failed'].includes(${ROW}?.dataset.state)`)
    const url: string = JSON.parse(await page.run(`${ROW}.querySelector('.link').href`))
    const lines = `[...${ROW}.querySelectorAll('.timeline li')].map((line) => line.textContent)`
    const history = await page.run(lines)
    assert.notEqual(url, '', history)
    const stored = await get(url)
    assert.deepEqual([stored.status, stored.sha256], [200, sha256])
    assert.deepEqual(page.problems(), [])
    const path = parseSlotPath(new URL(url).pathname.slice(1))
    const { cuts, bytes } = await resentBytes(folder, fingerprintOf(path))
    assert.ok(bytes <= SIZE * MOST_RESENT, `${bytes} bytes again: ${history}`)
    allCuts += cuts
  }

  test('100 MB arrive although their connection is cut three times', async () => {
    await begin('cut.bin')
    for (let cut = 0; cut < 3; cut += 1) {
      await afterPassing(somewhere(0.15, 0.3), () => demo.network.switchOver('cut'))
    }
    await told('The connection is lost')
    await picture('cut')
    await arrives()
  })

  test('100 MB arrive although their connection goes silent and nobody is told', async () => {
    await begin('silent.bin')
    await afterPassing(somewhere(0.2, 0.7), () => demo.network.switchOver('silent'))
    await told('The connection is dead')
    await picture('silent')
    await arrives()
  })

  test('100 MB arrive although the browser is offline for a while', async () => {
    await begin('offline.bin')
    await afterPassing(somewhere(0.2, 0.7), async () => await setOffline(page, true))
    await holds(page, "document.querySelector('#offline').textContent.includes('offline')")
    await told('Waits for')
    await picture('offline')
    await setOffline(page, false)
    await arrives()
  })

  for (const key of ['hmac', 'dpop'] as const) {
    test(`100 MB go on after a reload of the page, with a key (${key}) that no script can read`, async () => {
      await begin(`reload-${key}.bin`, key)
      await told('The browser keeps the file')
      await told('bound to a key')
      await afterPassing(somewhere(0.3, 0.6), async () => {
        const keys: readonly SavedKey[] = JSON.parse(await page.run(SAVED_KEYS))
        assert.deepEqual(keys, [{ name: key === 'hmac' ? 'HMAC' : 'ECDSA', extractable: false }])
        await page.reloaded(async () => await page.ask('Page.reload', {}))
      })
      await told('Goes on with what was left behind')
      await picture(`reload-${key}`)
      await arrives()
      assert.equal(await page.run(SAVED_KEYS), '[]')
    })
  }

  test('100 MB arrive although the server is restarted', async () => {
    await begin('restart.bin', 'dpop')
    await afterPassing(somewhere(0.2, 0.7), demo.server.restart)
    await told('The connection is lost')
    await picture('restart')
    await arrives()
  })

  test('An upload is paused and goes on by the keyboard', async () => {
    await begin('paused.bin')
    await afterPassing(somewhere(0.2, 0.5), async () => {
      await page.run(`${ROW}.querySelector('.pause').focus()`)
      await press(page, 'Enter')
      await holds(page, `${ROW}.dataset.state === 'paused'`)
    })
    await takePicture(page, 'paused')
    await press(page, 'Enter')
    await arrives()
    assert.equal(await page.run('document.activeElement.className'), '"link"')
  })

  test('A second tab leaves an upload to the first', async () => {
    await begin('tabs.bin')
    await told('The browser keeps the file')
    let second = page
    await afterPassing(somewhere(0.1, 0.3), async () => {
      second = await chromium.open(demo.url)
      await holds(second, `${ROW}?.dataset.state === 'queued'`)
    })
    await arrives()
    await holds(second, "document.querySelector('.upload') === null")
    await second.ask('Page.close', {})
    await page.ask('Page.bringToFront', {})
    const history = await page.run(`${ROW}.querySelector('.timeline').textContent`)
    assert.ok(!history.includes('lost'), history)
  })

  test('A picture that is dropped on the page is shown small, and arrives', async () => {
    const file = join(folder, 'dot.png')
    await writeFile(file, DOT, 'base64')
    const drag = { items: [], files: [file], dragOperationsMask: 1 }
    for (const type of ['dragEnter', 'dragOver', 'drop']) {
      await page.ask('Input.dispatchDragEvent', { type, x: 400, y: 400, data: drag })
    }
    await holds(page, `${ROW}?.querySelector('.name').textContent === 'dot.png'`)
    await holds(page, `${ROW}.dataset.state === 'done'`)
    await holds(page, `${ROW}.querySelector('.thumbnail canvas') !== null`)
    const url: string = JSON.parse(await page.run(`${ROW}.querySelector('.link').href`))
    const { status, size } = await get(url)
    assert.deepEqual([status, size], [200, Buffer.from(DOT, 'base64').length])
  })

  test('Requests were cut in their middle, and the server kept what it had read of them', () => {
    // Not each time: between two requests there is nothing to cut.
    assert.ok(allCuts >= 3, String(allCuts))
  })

  test('The buttons of the demonstration do what they say', async () => {
    const click = async (id: string): Promise<string> =>
      await page.run(`document.querySelector('#${id}').click()`)
    assert.equal(await page.run("document.querySelector('#demo').hidden"), 'false')
    const first = demo.network.name()
    await click('cut')
    await holds(page, `document.querySelector('#network').textContent !== '${first}'`)
    assert.notEqual(demo.network.name(), first)
    await click('silence')
    await holds(page, `document.querySelector('#network').textContent === '${first}'`)
    await click('restart')
    await holds(page, "!document.querySelector('#restart').disabled")
  })

  test('Whatever can be used has a name for those who do not see it', async () => {
    const nodes = await accessibleNodes(page)
    const used = nodes.filter(({ role }) => USED_ROLES.has(role))
    assert.ok(used.length > 10)
    assert.deepEqual(
      used.filter(({ name }) => name === ''),
      [],
    )
    const dark = [{ name: 'prefers-color-scheme', value: 'dark' }]
    await takePicture(page, 'light')
    await page.ask('Emulation.setEmulatedMedia', { features: dark })
    await takePicture(page, 'dark')
  })
})

test('npm run demo:web says where its page is, allows the page nothing else, and ends when it is told to', async () => {
  const program = join(import.meta.dirname, '../../scripts/demo-web.ts')
  await using running = startProgram(process.execPath, [program])
  const [, url = ''] = await running.line(/^Open (http:\S+) in a browser/)
  const response = await fetch(url)
  assert.equal(response.status, 200)
  assert.match(await response.text(), /<script type="module" src="page.js">/u)
  const policy = response.headers.get('content-security-policy') ?? ''
  assert.match(policy, /^default-src 'none'; script-src 'self'; /u)
  running.signal('SIGINT')
  assert.equal(await running.ended, 0)
})

/** The examples with other people's clients, copied and started as their pages say: files go on where they stopped. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, test } from 'node:test'
import { startDemoServer } from '../../scripts/demo/demo-server.ts'
import { type Cut, type CuttingProxy, cuttingProxy } from '../app/cutting-proxy.ts'
import { type BrowserPage, startChromium } from './chromium.ts'
import { copiedExample } from './copied-example.ts'
import { eventually } from './eventually.ts'
import { SECRETS, startFileServer } from './file-server.ts'
import { get } from './http-client.ts'
import { accessibleNodes, chooseFiles, holds, takePicture } from './page-actions.ts'
import { type RunningProgram, startProgram } from './running-program.ts'
import { seededRandom, seedOfThisRun } from './seeded-random.ts'
import { tempFolder } from './temp-folder.ts'

const SIZE = 8_000_000
/** From here on nothing passes, and nobody is told. */
const CUT: Cut = { at: 0.6 * SIZE, kind: 'silence' }
/** Of a file that went on; one that began anew after the cut would take 1.6. */
const MOST_PASSED = 1.2 * SIZE

const random = seededRandom(seedOfThisRun())
const content = random.bytes(SIZE)
const sha256 = createHash('sha256').update(content).digest('hex')

async function assertIsThere(url: string): Promise<void> {
  const stored = await get(url)
  assert.deepEqual([stored.status, stored.sha256], [200, sha256])
}

async function isCut(proxy: CuttingProxy): Promise<void> {
  await eventually('the cut', async () => (proxy.left() === 0 ? true : undefined))
}

/** Whatever can be used has a name for those who do not see it. */
async function assertIsAccessible(page: BrowserPage): Promise<void> {
  const roles = new Set(['button', 'link', 'progressbar', 'heading'])
  const used = (await accessibleNodes(page)).filter(({ role }) => roles.has(role))
  assert.ok(used.length >= 5, JSON.stringify(used))
  assert.ok(!used.some(({ name }) => name === ''))
}

describe(`Examples (SEED=${random.seed})`, { timeout: 60_000 }, () => {
  const stack = new AsyncDisposableStack()
  let folder: string
  let film: string

  before(async () => {
    folder = stack.use(await tempFolder('examples')).path
    film = join(folder, 'film.mp4')
    await writeFile(film, content)
  })
  after(async () => await stack.disposeAsync())

  test('the page with Uppy goes on with a file that is chosen again after a reload', async () => {
    await using running = new AsyncDisposableStack()
    let port = 0
    const proxy = running.use(await cuttingProxy(() => port, [CUT]))
    const publicUrl = `http://127.0.0.1:${proxy.port}/upload/`
    ;({ port } = running.use(await startFileServer({ publicUrl })))
    const site = running.use(await startUppySite(publicUrl))
    const [, url = ''] = await site.line(/^Open (http:\S+)/)
    const page = await running.use(await startChromium()).open(url)
    await chooseFiles(page, '#files', [film])
    await isCut(proxy)
    await page.reloaded(async () => await page.ask('Page.reload', {}))
    await chooseFiles(page, '#files', [film])
    await holds(page, "document.querySelector('li')?.dataset.state === 'done'")
    await assertIsThere(JSON.parse(await page.run("document.querySelector('.link').href")))
    assert.ok(proxy.passed() < MOST_PASSED, String(proxy.passed()))
    assert.equal(await page.run('localStorage.length'), '0')
    await assertIsAccessible(page)
    assert.deepEqual(page.problems(), [])
    await takePicture(page, 'uppy')
  })

  /** The site of the example, as `npm start` starts it. */
  async function startUppySite(publicUrl: string): Promise<RunningProgram> {
    const cwd = await copiedExample('uppy', folder)
    const secretFile = join(folder, 'secret')
    await writeFile(secretFile, `${SECRETS.v1}\n`)
    const env = { PORT: '0', UPLOAD_URL: publicUrl, SECRET_FILE: secretFile }
    return startProgram('npm', ['start'], { cwd, env })
  }

  test('the program with tus-js-client goes on after it was killed and the server restarted', async () => {
    await using running = new AsyncDisposableStack()
    let port = 0
    const proxy = running.use(await cuttingProxy(() => port, [CUT]))
    const server = running.use(await startDemoServer(folder, proxy.port))
    ;({ port } = server)
    const cwd = await copiedExample('tus', folder)
    const path = 'examples/film.mp4'
    const args = [join(cwd, 'put.ts'), film, server.slot(path, SIZE), 'video/mp4']
    const killed = running.use(startProgram(process.execPath, args, { cwd }))
    await isCut(proxy)
    killed.signal('SIGKILL')
    await Promise.all([killed.ended, server.restart()])
    const again = running.use(startProgram(process.execPath, args, { cwd }))
    assert.equal(await again.ended, 0, again.log())
    assert.match(again.log(), /^Goes on at byte \d+\n/u)
    await assertIsThere(server.fileUrl(path))
    assert.ok(proxy.passed() < MOST_PASSED, String(proxy.passed()))
  })
})

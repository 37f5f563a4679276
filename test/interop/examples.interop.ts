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
import { accessibleNodes, chooseFiles, holds, press, takePicture } from './page-actions.ts'
import { type RunningProgram, startProgram } from './running-program.ts'
import { seededRandom, seedOfThisRun } from './seeded-random.ts'
import { tempFolder } from './temp-folder.ts'

const SIZE = 8_000_000
/** In the middle of a file, then in that of the next one: nothing passes any more, and nobody is told. */
const CUTS: readonly Cut[] = [0.6, 1.8].map((files) => ({ at: files * SIZE, kind: 'silence' }))
/** Of a file that went on; one that began anew after the cut would take 1.6. */
const MOST_PASSED = 1.2 * SIZE

const random = seededRandom(seedOfThisRun())
const content = random.bytes(SIZE)
const sha256 = createHash('sha256').update(content).digest('hex')

async function assertIsThere(url: string): Promise<void> {
  const stored = await get(url)
  assert.deepEqual([stored.status, stored.sha256], [200, sha256])
}

async function isCut(proxy: CuttingProxy, left: number): Promise<void> {
  await eventually('the cut', async () => (proxy.left() === left ? true : undefined))
}

const USED_ROLES = new Set(['button', 'link', 'progressbar', 'heading'])

describe(`Examples (SEED=${random.seed})`, { timeout: 120_000 }, () => {
  const stack = new AsyncDisposableStack()
  let folder: string
  let film: string

  before(async () => {
    folder = stack.use(await tempFolder('examples')).path
    film = join(folder, 'film.mp4')
    await writeFile(film, content)
  })
  after(async () => await stack.disposeAsync())

  describe('the page with Uppy', () => {
    const running = new AsyncDisposableStack()
    let proxy: CuttingProxy
    let site: RunningProgram
    let page: BrowserPage

    before(async () => {
      let port = 0
      proxy = running.use(await cuttingProxy(() => port, CUTS))
      const publicUrl = `http://127.0.0.1:${proxy.port}/upload/`
      ;({ port } = running.use(await startFileServer({ publicUrl })))
      site = running.use(await startUppySite(publicUrl))
      const [, url = ''] = await site.line(/^Open (http:\S+)/)
      page = await running.use(await startChromium()).open(url)
    })
    after(async () => await running.disposeAsync())

    /** Chooses the film, as a file of that name. */
    async function choose(name: string): Promise<void> {
      await writeFile(join(folder, name), content)
      await chooseAgain(name)
    }

    async function chooseAgain(name: string): Promise<void> {
      await chooseFiles(page, '#files', [join(folder, name)])
      await holds(page, `document.querySelector('h2')?.textContent === '${name}'`)
    }

    async function isInState(state: string): Promise<void> {
      await holds(page, `document.querySelector('li').dataset.state === '${state}'`)
    }

    /** The newest file is there, and little of it went over the way twice. */
    async function arrives(already: number): Promise<void> {
      await isInState('done')
      await assertIsThere(JSON.parse(await page.run("document.querySelector('.link').href")))
      const passed = proxy.passed() - already
      assert.ok(passed < MOST_PASSED, String(passed))
      assert.equal(await page.run('localStorage.length'), '0')
      assert.deepEqual(page.problems(), [])
    }

    test('goes on with a file that is chosen again after a reload', async () => {
      await choose('reloaded.mp4')
      await isCut(proxy, CUTS.length - 1)
      await page.reloaded(async () => await page.ask('Page.reload', {}))
      await chooseAgain('reloaded.mp4')
      await arrives(0)
    })

    test('pauses a file, and goes on with it, by the keyboard', async () => {
      const already = proxy.passed()
      await choose('paused.mp4')
      await isCut(proxy, 0)
      await page.run("document.querySelector('.toggle').focus()")
      await press(page, 'Enter')
      await isInState('paused')
      await press(page, 'Enter')
      await arrives(already)
      assert.equal(await page.run('document.activeElement.className'), '"link"')
      await takePicture(page, 'uppy')
    })

    test('says that a file has got no slot, and has a name for whatever can be used', async () => {
      site.signal('SIGTERM')
      await site.ended
      await choose('lonely.mp4')
      await isInState('failed')
      const used = (await accessibleNodes(page)).filter(({ role }) => USED_ROLES.has(role))
      assert.ok(used.some(({ name }) => name === 'Try again: lonely.mp4'))
      assert.ok(!used.some(({ name }) => name === ''))
    })
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
    const proxy = running.use(await cuttingProxy(() => port, CUTS))
    const server = running.use(await startDemoServer(folder, proxy.port))
    ;({ port } = server)
    const cwd = await copiedExample('tus', folder)
    const path = 'examples/film.mp4'
    const args = [join(cwd, 'put.ts'), film, server.slot(path, SIZE), 'video/mp4']
    const killed = running.use(startProgram(process.execPath, args, { cwd }))
    await isCut(proxy, CUTS.length - 1)
    killed.signal('SIGKILL')
    await Promise.all([killed.ended, server.restart()])
    const again = running.use(startProgram(process.execPath, args, { cwd }))
    assert.equal(await again.ended, 0, again.log())
    assert.match(again.log(), /^Goes on at byte \d+\n/u)
    await assertIsThere(server.fileUrl(path))
    assert.ok(proxy.passed() < MOST_PASSED, String(proxy.passed()))
  })
})

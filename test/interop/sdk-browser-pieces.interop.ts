/** The client in a page whose bundler made pieces of it: what is not needed at once comes when it is used, or again. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { build } from 'esbuild'
import { startWebDemo } from '../../scripts/demo/web-demo.ts'
import { type BrowserPage, startChromium } from './chromium.ts'
import { tempFolder } from './temp-folder.ts'

const FOLDER = join(import.meta.dirname, '../../src/client/browser')

/** A page and the pieces of the client. */
interface PiecesSite extends AsyncDisposable {
  readonly url: string
  /** Pieces that were asked for, without what tells their versions apart. */
  readonly asked: string[]
  /** So often is a piece of this name refused. */
  readonly refuse: (name: string, times: number) => void
}

async function startPiecesSite(): Promise<PiecesSite> {
  const pieces = await piecesOfClient()
  const asked: string[] = []
  const refused = new Map<string, number>()
  const server = createServer((request, response) => {
    const file = basename(request.url ?? '')
    const piece = pieces.get(file)
    if (!piece)
      return void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html>')
    const [name = ''] = file.split('-')
    asked.push(name)
    const left = refused.get(name) ?? 0
    refused.set(name, left - 1)
    if (left > 0) return void response.writeHead(503).end()
    response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(piece)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`,
    asked,
    refuse: (name, times) => void refused.set(name, times),
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function piecesOfClient(): Promise<ReadonlyMap<string, Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: [join(FOLDER, 'main.ts')],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    outdir: FOLDER,
    write: false,
    chunkNames: '[name]-[hash]',
  })
  return new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]))
}

describe('In a page that has the client in pieces', { timeout: 60_000 }, () => {
  const stack = new AsyncDisposableStack()
  const size = 3 * 2 ** 20
  let site: PiecesSite
  let page: BrowserPage
  let slots: (path: string) => string

  before(async () => {
    site = stack.use(await startPiecesSite())
    const { path } = stack.use(await tempFolder('pieces'))
    const { server } = stack.use(await startWebDemo(path))
    slots = (name) => JSON.stringify({ put: server.slot(name, size), get: server.fileUrl(name) })
    page = await stack.use(await startChromium()).open(site.url)
  })
  after(async () => await stack.disposeAsync())

  async function uploaded(path: string): Promise<string> {
    const file = `new File([new Uint8Array(${size})], 'zeros.bin')`
    const upload = `({ upload }) => upload(${file}, ${slots(path)})`
    return await page.run(`import('/main.js').then(${upload}).then(({ size }) => size, String)`)
  }

  test('an upload whose store does not come goes up all the same, and the next one has it', async () => {
    site.refuse('indexed', 1)
    assert.equal(await uploaded('pieces/one.bin'), String(size))
    assert.equal(await uploaded('pieces/two.bin'), String(size))
    assert.equal(site.asked.filter((name) => name === 'indexed').length, 2)
  })

  test('a download asks for its code when it begins, and again until it is there', async () => {
    assert.ok(!site.asked.includes('download'))
    site.refuse('download', 2)
    const { get: url }: { readonly get: string } = JSON.parse(slots('pieces/one.bin'))
    const fetched = `async ({ download }) => (await (await download('${url}')).blob()).size`
    assert.equal(await page.run(`import('/main.js').then(${fetched})`), String(size))
    assert.equal(site.asked.filter((name) => name === 'download').length, 3)
  })
})
